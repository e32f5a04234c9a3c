/** The order of rows within a page. */

import type { CoinRow } from "../api/types";
import { orderOf, type Column, type Sort } from "../shell/route";

/** Whether the server orders the whole market so; if not, only the page on the screen can be ordered. */
export function isWholeMarket(sort: Sort): boolean {
  return sort.by === "market_cap" ? true : orderOf(sort) !== "market_cap_desc";
}

/** `rows` as asked; what is absent is last whichever way one sorts. The server's own order is left as it is. */
export function sorted(rows: readonly CoinRow[], sort: Sort): readonly CoinRow[] {
  if (isWholeMarket(sort)) return rows;
  const way = sort.down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a, sort.by), value(b, sort.by)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return left < right ? -way : left > right ? way : 0;
  });
}

/** A click on a header: the other way on the column in use, else what one most likely wants first. */
export function toggled(sort: Sort, by: Column): Sort {
  return sort.by === by ? { by, down: !sort.down } : { by, down: by !== "id" };
}

function value(row: CoinRow, by: Column): number | string | null {
  return by === "volume" ? row.volume_24h : row[by];
}
