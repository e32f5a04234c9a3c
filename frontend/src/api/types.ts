/** The bodies of `/api/v1` under the names that the page knows them by; `schema.ts` is generated from the server. */

import type { Chart, Market, SearchHit, SearchHits } from "./schema";

export type { Chart, Coin, CoinRow, Coins, Extreme, Links, Meta, MonthWindow, Problem, Quota, Status, Window } from "./schema";
export type Found = SearchHits;
export type FoundCoin = SearchHit;
export type Global = Market;

/** Unix milliseconds and the value then, null where upstream had none. */
export type Point = Chart["prices"][number];

/** A point that can be drawn. */
export type KnownPoint = [at: number, value: number];

