import { expect, test } from "vitest";
import { sparkPath } from "./sparkPath";

test("a line goes from side to side and from bottom to top of its box", () => {
  expect(sparkPath([1, 3, 2], 100, 30)).toBe("M0 30L50 0L100 15");
});

test("a price that never moved is a line through the middle", () => {
  expect(sparkPath([5, 5], 100, 30)).toBe("M0 15L100 15");
});

test.each([[[]], [[1]]])("%j is no line", (values) => {
  expect(sparkPath(values, 100, 30)).toBeNull();
});

test("a long line is thinned, and still ends where it ends", () => {
  const rising = Array.from({ length: 168 }, (_, at) => at);
  const path = sparkPath(rising, 112, 30) ?? "";
  expect(path.split("L").length).toBeLessThanOrEqual(56);
  expect(path.endsWith("L112 0")).toBe(true);
});
