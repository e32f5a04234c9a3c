import { expect, test } from "vitest";
import { chooseLang } from "./locale";

test.each([
  [null, ["ru-RU", "en"], "en", "ru"],
  [null, ["de", "en-US", "ru"], "ru", "en"], // the first that we speak
  [null, ["de", "fr"], "ru", "ru"], // none: the server's
  ["en", ["ru"], "ru", "en"], // a choice is a choice
] as const)("stored %s, browser %j, server %s", (stored, spoken, server, lang) => {
  expect(chooseLang(stored, spoken, server)).toBe(lang);
});
