/** The marks and digits every other formatter is made of. Nothing outside `format/` knows a locale or a precision. */

export type Lang = "en" | "ru";

export const ABSENT = "—";
export const NBSP = "\u00A0";
const MINUS = "\u2212";

/** `value` with exactly `places` decimals, in the groups and separators of `lang`, with a true minus sign. */
export function fixed(value: number, lang: Lang, places: number): string {
  return formatter(lang, places).format(value).replace("-", MINUS);
}

/** The decimal separator of `lang`. */
export function point(lang: Lang): string {
  return lang === "ru" ? "," : ".";
}

/** `digits` of a negative or positive number with its sign in front. */
export function signed(value: number, digits: string): string {
  return value < 0 ? MINUS + digits : digits;
}

/** A whole number: calls, coins, ranks. */
export function count(value: number | null, lang: Lang): string {
  return value === null ? ABSENT : fixed(value, lang, 0);
}

// Intl objects are slow to make and free to keep; there are two languages and about twenty precisions.
const made = new Map<string, Intl.NumberFormat>();

function formatter(lang: Lang, places: number): Intl.NumberFormat {
  const name = `${lang}${places}`;
  const kept = made.get(name);
  if (kept) return kept;
  const fresh = new Intl.NumberFormat(lang, { minimumFractionDigits: places, maximumFractionDigits: places });
  made.set(name, fresh);
  return fresh;
}
