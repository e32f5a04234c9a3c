/** Prices and sums of money, from a satoshi's fraction to trillions. */

import { ABSENT, NBSP, fixed, point, signed, type Lang } from "./number";

export const CURRENCIES = ["usd", "eur", "rub", "btc"] as const;
export type Currency = (typeof CURRENCIES)[number];

// Bitcoin has a sign too, but many fonts do not have it.
const SIGNS: Record<Currency, string> = { usd: "$", eur: "€", rub: "₽", btc: "BTC" };
const SIGNIFICANT = 4;
const SUBSCRIPT_FROM = 4; // zeros after the point; fewer can still be counted at a glance
const MOST_PLACES = 20; // what Intl.NumberFormat promises everywhere
const WHOLE_FROM = 100_000;

/** A price: four significant digits below 1, two decimals from 1 up. */
export function price(value: number | null, currency: Currency, lang: Lang): string {
  return value === null ? ABSENT : inCurrency(value, priceDigits(Math.abs(value), lang), currency, lang);
}

/** A price for a narrow column: as `price`, without decimals from 100,000 up. */
export function tablePrice(value: number | null, currency: Currency, lang: Lang): string {
  if (value === null) return ABSENT;
  const size = Math.abs(value);
  const digits = Number(size.toFixed(2)) >= WHOLE_FROM ? fixed(size, lang, 0) : priceDigits(size, lang);
  return inCurrency(value, digits, currency, lang);
}

/** The price spelled out digit by digit when `price` shortens its zeros to a subscript, else null. */
export function spelledOut(value: number | null, lang: Lang): string | null {
  if (value === null || value === 0) return null;
  const { zeros, digits } = leading(Math.abs(value));
  if (zeros < SUBSCRIPT_FROM) return null;
  return signed(value, `0${point(lang)}${"0".repeat(zeros)}${digits.replace(/0+$/, "") || "0"}`);
}

// `below` is how a sum just short of the scale is shown: 999.96 million would read as 1000.0 million, so it is a billion.
const SCALES = [
  { from: 1e12, places: 2, en: "T", ru: "трлн", below: { unit: 1e9, places: 1 } },
  { from: 1e9, places: 1, en: "B", ru: "млрд", below: { unit: 1e6, places: 1 } },
  { from: 1e6, places: 1, en: "M", ru: "млн", below: { unit: 1, places: 0 } },
] as const;

/** A large sum in words: `$1.34T`, `12,1 млрд $`; below a million in whole units, below 1 as a price. */
export function sum(value: number | null, currency: Currency, lang: Lang): string {
  if (value === null) return ABSENT;
  const size = Math.abs(value);
  const digits = size < 1 && size > 0 ? priceDigits(size, lang) : scaled(size, lang);
  return inCurrency(value, digits, currency, lang);
}

/** An amount of coins: `19.8M BTC`, `19,8 млн BTC`. */
export function quantity(value: number | null, symbol: string, lang: Lang): string {
  return value === null ? ABSENT : `${scaled(value, lang)}${NBSP}${symbol.toUpperCase()}`;
}

/** The labels of an axis, in one precision: the least that tells each exactly. */
export function axisPrices(values: readonly number[], currency: Currency, lang: Lang): string[] {
  const step = smallestGap(values);
  if (step === null) return values.map((value) => price(value, currency, lang));
  let places = 0;
  while (places < MOST_PLACES && values.some((value) => Math.abs(value - Number(value.toFixed(places))) > step / 100)) places += 1;
  const labels = values.map((value) => fixed(Math.abs(value), lang, places));
  const zeros = Math.min(...labels.filter((label) => /[1-9]/.test(label)).map(zerosOf));
  return values.map((value, at) => inCurrency(value, withoutZeros(labels[at] ?? "", zeros), currency, lang));
}

function smallestGap(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((value, before) => value - (sorted[before] ?? value));
  const real = gaps.filter((gap) => gap > 0);
  return real.length > 0 ? Math.min(...real) : null;
}

function priceDigits(size: number, lang: Lang): string {
  if (size === 0) return fixed(0, lang, 2);
  const { zeros, digits } = leading(size);
  if (zeros < 0) return fixed(size, lang, 2);
  if (zeros < SUBSCRIPT_FROM) return fixed(size, lang, zeros + SIGNIFICANT);
  return `0${point(lang)}0${subscript(zeros)}${digits}`;
}

/** The zeros between the point and the first digit (negative from 1 up), and the significant digits after them. */
function leading(size: number): { zeros: number; digits: string } {
  const [mantissa = "0", exponent = "0"] = size.toExponential(SIGNIFICANT - 1).split("e");
  return { zeros: -Number(exponent) - 1, digits: mantissa.replace(".", "") };
}

function zerosOf(digits: string): number {
  return /^0[.,](0*)/.exec(digits)?.[1]?.length ?? 0;
}

/** Digits with so many zeros after the point counted instead of written, if they are too many to write. */
function withoutZeros(digits: string, zeros: number): string {
  if (zeros < SUBSCRIPT_FROM || digits.length <= 2 + zeros) return digits;
  return `${digits.slice(0, 2)}0${subscript(zeros)}${digits.slice(2 + zeros)}`;
}

function subscript(whole: number): string {
  return String(whole).replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));
}

function scaled(size: number, lang: Lang): string {
  const scale = SCALES.find(({ from, below }) => Number((size / below.unit).toFixed(below.places)) * below.unit >= from);
  if (!scale) return fixed(size, lang, 0);
  const digits = fixed(size / scale.from, lang, scale.places);
  return lang === "ru" ? `${digits}${NBSP}${scale.ru}` : digits + scale.en;
}

function inCurrency(value: number, digits: string, currency: Currency, lang: Lang): string {
  const sign = SIGNS[currency];
  const after = lang === "ru" || currency === "btc";
  return signed(value, after ? `${digits}${NBSP}${sign}` : sign + digits);
}
