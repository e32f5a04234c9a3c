import { expect, test } from "vitest";
import type { KnownPoint } from "../api/types";
import { LOCALES } from "../shell/locale";
import { summary } from "./summary";

const plain = (text: string): string => text.replace(/[\u00A0\u202F]/g, " ");
const at = (day: number, clock = "12:00"): number => Date.parse(`2026-11-${day}T${clock}:00Z`);
const points: KnownPoint[] = [
  [at(15), 100],
  [at(17), 90],
  [at(19), 120],
  [at(22), 105.2],
];

test("a rise is told with its ends and extremes", () => {
  expect(plain(summary(points, "7d", "usd", LOCALES.en))).toBe(
    "In 7 days the price rose 5.2%, from $100.00 to $105.20; lowest $90.00 on 17 Nov, 12:00, highest $120.00 on 19 Nov, 12:00.",
  );
  expect(plain(summary(points, "7d", "usd", LOCALES.ru))).toBe(
    "За 7 дней цена выросла на 5,2 %: с 100,00 $ до 105,20 $; наименьшая 90,00 $ (17 нояб., 12:00), наибольшая 120,00 $ (19 нояб., 12:00).",
  );
});

test("a fall has no second minus", () => {
  expect(summary([[at(15), 100], [at(22), 95]], "7d", "usd", LOCALES.en)).toContain("fell 5.0%, from");
});

test("what rounds to nothing is told as nothing", () => {
  expect(summary([[at(15), 100], [at(22), 100.01]], "7d", "usd", LOCALES.en)).toContain("stayed at $100.01");
});

test("a range without prices says so", () => {
  expect(summary([], "1d", "usd", LOCALES.en)).toBe("No prices in this range.");
});
