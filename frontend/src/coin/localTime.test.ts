import { expect, test } from "vitest";
import { onWallClock } from "./localTime";

const HOUR_MS = 3_600_000;

test("a point stands at the reader's own hour", () => {
  expect(onWallClock([[0, 7]], () => -180)).toEqual([{ time: 3 * 3600, value: 7 }]);
});

test("a clock that is set back draws its repeated hour once", () => {
  const summer = (at: number): number => (at < HOUR_MS ? -120 : -60);
  const points = [0, 0.5, 1, 1.5, 2].map((hour): [number, number] => [hour * HOUR_MS, hour]);
  expect(onWallClock(points, summer).map(({ value }) => value)).toEqual([0, 0.5, 2]);
});

test("two points in one second are one", () => {
  expect(onWallClock([[1000, 1], [1999, 2], [2000, 3]], () => 0)).toEqual([
    { time: 1, value: 1 },
    { time: 2, value: 3 },
  ]);
});
