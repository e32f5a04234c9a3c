import { expect, test } from "vitest";
import { commandOf, type Press } from "./keys";

const press = (key: string, code: string, held: Partial<Press> = {}): Press => ({
  key,
  code,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...held,
});

test.each([
  ["/", "Slash", "search"],
  [".", "Slash", "search"], // Russian layout
  ["/", "Digit7", "search"], // German layout, with shift
  ["-", "Slash", null], // German layout
  [".", "Period", null],
  ["?", "Slash", "help"],
  [",", "Slash", "help"], // Russian layout, with shift
  ["?", "Digit7", "help"], // Russian layout, by its own key
  ["j", "KeyJ", "next"],
  ["о", "KeyJ", "next"],
  ["J", "KeyJ", "next"], // Caps Lock
  ["k", "KeyK", "previous"],
  ["л", "KeyK", "previous"],
  ["t", "KeyT", "theme"],
  ["е", "KeyT", "theme"],
  ["x", "KeyX", null],
  ["Enter", "Enter", null], // a focused link opens by itself
])("%s on %s", (key, code, command) => {
  expect(commandOf(press(key, code))).toBe(command);
});

test("the browser's own shortcuts are left alone", () => {
  expect(commandOf(press("t", "KeyT", { ctrlKey: true }))).toBeNull();
  expect(commandOf(press("j", "KeyJ", { metaKey: true }))).toBeNull();
  expect(commandOf(press("k", "KeyK", { altKey: true }))).toBeNull();
});
