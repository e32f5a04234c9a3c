/** Instants, ages and waits. Ages are numbers that the caller counted; nothing here reads a clock. */

import { NBSP, type Lang } from "./number";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS: Record<Lang, { s: string; min: string; h: string; d: string; now: string }> = {
  en: { s: "s", min: "min", h: "h", d: "d", now: "just now" },
  ru: { s: "с", min: "мин", h: "ч", d: "дн.", now: "только что" },
};

/** How long ago, in one unit: `12 min ago`, `12 мин назад`. */
export function ago(seconds: number, lang: Lang): string {
  if (seconds < 5) return UNITS[lang].now;
  return `${span(seconds, lang)}${NBSP}${lang === "ru" ? "назад" : "ago"}`;
}

/** A length of time in one unit, rounded down: `40 s`, `3 h`. */
export function span(seconds: number, lang: Lang): string {
  const units = UNITS[lang];
  const [size, unit] =
    seconds < MINUTE ? [1, units.s] : seconds < HOUR ? [MINUTE, units.min] : seconds < DAY ? [HOUR, units.h] : [DAY, units.d];
  return `${Math.floor(Math.max(0, seconds) / size)}${NBSP}${unit}`;
}

/** An instant in full: `22 Nov 2026, 20:43 GMT+3`. Without `zone`, the reader's own. */
export function instant(at: Date, lang: Lang, zone?: string): string {
  const format = formatter(lang, { ...DATE, ...CLOCK, timeZoneName: "short" }, zone);
  const text = format.format(at);
  // Browsers call Moscow "GMT+3" even in Russian; Russians call it МСК.
  const moscow = lang === "ru" && format.resolvedOptions().timeZone === "Europe/Moscow";
  return moscow ? text.replace("GMT+3", "МСК") : text;
}

/** The day of an instant: `22 Nov 2026`. */
export function day(at: Date, lang: Lang, zone?: string): string {
  return formatter(lang, DATE, zone).format(at);
}

/** Day and clock without the year, for points of a chart: `22 Nov, 20:43`. */
export function moment(at: Date, lang: Lang, zone?: string): string {
  return formatter(lang, { day: "numeric", month: "short", ...CLOCK }, zone).format(at);
}

/** Day and month, for the ticks of an axis: `22 Nov`. */
export function dayOfMonth(at: Date, lang: Lang, zone?: string): string {
  return formatter(lang, { day: "numeric", month: "short" }, zone).format(at);
}

/** The month of an instant, for the ticks of an axis: `Nov`. */
export function month(at: Date, lang: Lang, zone?: string): string {
  return formatter(lang, { month: "short" }, zone).format(at);
}

/** The clock alone: `20:43`. */
export function clock(at: Date, lang: Lang, zone?: string): string {
  return formatter(lang, CLOCK, zone).format(at);
}

const DATE = { day: "numeric", month: "short", year: "numeric" } as const;
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const made = new Map<string, Intl.DateTimeFormat>();

function formatter(lang: Lang, options: Intl.DateTimeFormatOptions, zone?: string): Intl.DateTimeFormat {
  const asked = zone === undefined ? options : { ...options, timeZone: zone };
  const name = lang + JSON.stringify(asked);
  const kept = made.get(name);
  if (kept) return kept;
  const fresh = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, asked); // en-GB: the day before the month
  made.set(name, fresh);
  return fresh;
}
