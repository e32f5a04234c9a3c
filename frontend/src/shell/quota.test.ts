import { describe, expect, test } from "vitest";
import type { Quota } from "../api/types";
import { en } from "../words/en";
import { ru } from "../words/ru";
import { quotaNotes } from "./quota";
import { sampleQuota } from "./quota.sample";

const plain = (notes: string[]): string => notes.join("; ").replace(/[\u00A0\u202F]/g, " ");
const english = (seen: Quota): string => plain(quotaNotes(seen, "en", en));
const russian = (seen: Quota): string => plain(quotaNotes(seen, "ru", ru));

describe("what the footer says of the budget", () => {
  test("a month that lasts needs no warning", () => {
    expect(english(sampleQuota({}))).toBe("8,766 left; resets 1 Dec");
    expect(russian(sampleQuota({}))).toBe("осталось 8 766; обнулится 1 дек.");
  });

  test("a month that will not last says until when it does", () => {
    const soon = sampleQuota({ projected_used: 14_000, projected_end: "2026-11-24T12:00:00Z" });
    expect(english(soon)).toBe("8,766 left, at this pace until 24 Nov; resets 1 Dec");
    expect(russian(soon)).toBe("осталось 8 766, при таком ходе до 24 нояб.; обнулится 1 дек.");
  });

  test("without a limit nothing is left or lasts", () => {
    expect(english(sampleQuota({ limit: null, left: null }))).toBe("resets 1 Dec");
  });

  test.each([
    [1, "1 call saved since start-up", "1 запрос сбережён с запуска"],
    [2, "2 calls saved since start-up", "2 запроса сбережено с запуска"],
    [12, "12 calls saved since start-up", "12 запросов сбережено с запуска"],
    [12_345, "12,345 calls saved since start-up", "12 345 запросов сбережено с запуска"],
  ])("%s saved", (total, en, ru) => {
    const seen = sampleQuota({ left: null, resets_at: null }, total);
    expect(english(seen)).toBe(en);
    expect(russian(seen)).toBe(ru);
  });
});
