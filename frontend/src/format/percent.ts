/** Changes and shares in percent. */

import { ABSENT, NBSP, fixed, type Lang } from "./number";

export type Direction = "up" | "down" | "flat";

/** A change with its sign: `+5.2%`, `−5,2 %`; no decimals from 1,000 % up, no sign on what rounds to zero. */
export function change(value: number | null, lang: Lang): string {
  if (value === null) return ABSENT;
  const places = Math.abs(value) >= 1000 ? 0 : 1;
  const plus = direction(value) === "up" ? "+" : "";
  return plus + percent(value, lang, places);
}

/** A share of a whole: `54.3%`. */
export function share(value: number | null, lang: Lang): string {
  return value === null ? ABSENT : percent(value, lang, 1);
}

/** Where a change points, judged as it is shown: 0.04 % reads as zero and is flat. */
export function direction(value: number | null): Direction {
  const shown = value === null ? 0 : Number(value.toFixed(1));
  return shown > 0 ? "up" : shown < 0 ? "down" : "flat";
}

function percent(value: number, lang: Lang, places: number): string {
  const rounded = Number(value.toFixed(places)) || 0; // never a negative zero
  return fixed(rounded, lang, places) + (lang === "ru" ? `${NBSP}%` : "%");
}
