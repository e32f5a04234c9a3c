import { describe, expect, test } from "vitest";
import { count } from "./number";
import { plural } from "./plural";
import { ago, clock, day, instant, span } from "./time";

const plain = (text: string): string => text.replace(/[\u00A0\u202F]/g, " ");
const at = new Date("2026-11-22T17:43:00Z");

test.each([
  [0, "just now", "только что"],
  [4.9, "just now", "только что"],
  [40, "40 s ago", "40 с назад"],
  [59.9, "59 s ago", "59 с назад"], // rounded down: never says more than has passed
  [60, "1 min ago", "1 мин назад"],
  [12 * 60 + 59, "12 min ago", "12 мин назад"],
  [3600, "1 h ago", "1 ч назад"],
  [3 * 86400, "3 d ago", "3 дн. назад"],
])("an age of %s seconds", (seconds, en, ru) => {
  expect(plain(ago(seconds, "en"))).toBe(en);
  expect(plain(ago(seconds, "ru"))).toBe(ru);
});

test("a wait that is over is no wait", () => {
  expect(plain(span(-3, "en"))).toBe("0 s");
});

describe("an instant", () => {
  test("names its zone, Moscow by its own name in Russian", () => {
    expect(plain(instant(at, "en", "Europe/Moscow"))).toBe("22 Nov 2026, 20:43 GMT+3");
    expect(plain(instant(at, "ru", "Europe/Moscow"))).toBe("22 нояб. 2026 г., 20:43 МСК");
    expect(plain(instant(at, "ru", "Asia/Yekaterinburg"))).toBe("22 нояб. 2026 г., 22:43 GMT+5");
  });

  test("can be its day or its clock alone", () => {
    expect(plain(day(at, "en", "UTC"))).toBe("22 Nov 2026");
    expect(plain(day(at, "ru", "UTC"))).toBe("22 нояб. 2026 г.");
    expect(clock(at, "en", "UTC")).toBe("17:43");
    expect(clock(new Date("2026-11-22T00:05:00Z"), "en", "UTC")).toBe("00:05"); // never 24:05
  });
});

test.each([
  [1, "1 alert", "1 оповещение"],
  [2, "2 alerts", "2 оповещения"],
  [5, "5 alerts", "5 оповещений"],
  [21, "21 alerts", "21 оповещение"],
  [12_345, "12,345 alerts", "12 345 оповещений"],
])("%s with its noun", (amount, en, ru) => {
  expect(plain(plural(amount, { one: "alert", other: "alerts" }, "en"))).toBe(en);
  const forms = { one: "оповещение", few: "оповещения", many: "оповещений", other: "оповещения" };
  expect(plain(plural(amount, forms, "ru"))).toBe(ru);
});

test("a count that is not known is a dash", () => {
  expect(count(null, "en")).toBe("—");
  expect(count(17_000, "en")).toBe("17,000");
});
