import { expect, test } from "vitest";
import { change, direction, share } from "./percent";

test.each([
  [5.2, "+5.2%", "+5,2_%", "up"],
  [-5.2, "−5.2%", "−5,2_%", "down"],
  [0, "0.0%", "0,0_%", "flat"],
  [0.04, "0.0%", "0,0_%", "flat"], // what reads as zero has no direction
  [-0.04, "0.0%", "0,0_%", "flat"], // nor a negative zero
  [0.05, "+0.1%", "+0,1_%", "up"],
  [1234.56, "+1,235%", "+1_235_%", "up"], // the decimal says nothing any more
  [null, "—", "—", "flat"], // absent is not zero
] as const)("a change of %s", (value, en, ru, points) => {
  expect(change(value, "en")).toBe(en);
  expect(change(value, "ru")).toBe(ru.replaceAll("_", "\u00A0"));
  expect(direction(value)).toBe(points);
});

test("a share has no sign", () => {
  expect(share(54.32, "en")).toBe("54.3%");
  expect(share(54.32, "ru")).toBe("54,3\u00A0%");
  expect(share(null, "en")).toBe("—");
});
