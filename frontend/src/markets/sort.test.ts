import { expect, test } from "vitest";
import type { CoinRow } from "../api/types";
import { isWholeMarket, sorted, toggled } from "./sort";

const row = (id: string, price: number | null): CoinRow => ({
  id,
  price,
  symbol: id,
  name: id,
  image: null,
  rank: null,
  market_cap: null,
  volume_24h: null,
  change_1h: null,
  change_24h: null,
  change_7d: null,
  sparkline_7d: null,
  observed_at: null,
});
const rows = [row("b", 2), row("none", null), row("a", 1), row("c", 3)];
const ids = (sort: Parameters<typeof sorted>[1]): string[] => sorted(rows, sort).map(({ id }) => id);

test("an absent number is last whichever way one sorts", () => {
  expect(ids({ by: "price", down: false })).toEqual(["a", "b", "c", "none"]);
  expect(ids({ by: "price", down: true })).toEqual(["c", "b", "a", "none"]);
});

test("what the server has ordered is left alone", () => {
  expect(ids({ by: "market_cap", down: false })).toEqual(["b", "none", "a", "c"]);
  expect(ids({ by: "volume", down: true })).toEqual(["b", "none", "a", "c"]);
  expect(ids({ by: "id", down: false })).toEqual(["b", "none", "a", "c"]);
});

test.each([
  [{ by: "market_cap", down: true }, true],
  [{ by: "market_cap", down: false }, true],
  [{ by: "id", down: true }, true],
  [{ by: "price", down: true }, false],
  [{ by: "change_24h", down: false }, false],
] as const)("a sort %j is of the whole market: %s", (sort, whole) => {
  expect(isWholeMarket(sort)).toBe(whole);
});

test("a header turns its own order and starts another with the largest, names with the first", () => {
  expect(toggled({ by: "price", down: true }, "price")).toEqual({ by: "price", down: false });
  expect(toggled({ by: "price", down: false }, "volume")).toEqual({ by: "volume", down: true });
  expect(toggled({ by: "price", down: false }, "id")).toEqual({ by: "id", down: false });
});
