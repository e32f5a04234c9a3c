import { expect, test } from "vitest";
import type { Meta } from "../api/types";
import { freshness, observedHere } from "./freshness";

const exact = { state: "fresh", approximate: false } as const;
const served = { state: "stale", approximate: false } as const;
const guessed = { state: "fresh", approximate: true } as const;

test.each([
  [0, exact, "fresh"],
  [60, exact, "fresh"], // up to one period
  [61, exact, "ageing"],
  [180, exact, "ageing"], // up to three
  [181, exact, "stale"],
  [10, served, "ageing"], // the server calls it stale, so it is not fresh here
  [181, served, "stale"],
  [10, guessed, "estimated"],
  [181, guessed, "stale"], // old is worse than estimated
  [null, exact, "none"],
  [-5, exact, "fresh"], // a clock that was set back
] as const)("an age of %s s in a period of 60 s, %j", (age, meta, said) => {
  expect(freshness(age, 60, meta)).toBe(said);
});

test("the reader's wrong clock does not change an age", () => {
  const meta: Meta = { ...exact, source: "memory", observed_at: "2026-11-22T12:00:00Z", age_s: 30 };
  const wrongNow = Date.parse("2031-01-01T00:00:00Z");
  expect(wrongNow - (observedHere(meta.observed_at, meta, wrongNow) ?? 0)).toBe(30_000);
  expect(wrongNow - (observedHere("2026-11-22T11:59:00Z", meta, wrongNow) ?? 0)).toBe(90_000);
  expect(observedHere(null, meta, wrongNow)).toBeNull();
});
