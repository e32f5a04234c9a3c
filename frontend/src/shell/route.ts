/** Which view an address asks for, and the address of a view. Pure: `navigation.ts` touches the history. */

import { ORDERS, RANGES, type Order, type Range } from "../api/paths";
import { CURRENCIES, type Currency } from "../format/money";

export const COLUMNS = ["id", "price", "change_1h", "change_24h", "change_7d", "volume", "market_cap"] as const;
export type Column = (typeof COLUMNS)[number];
export interface Sort {
  by: Column;
  down: boolean;
}

export const SIZES = [50, 100, 250] as const;
export type Size = (typeof SIZES)[number];

export interface MarketQuery {
  vs: Currency;
  page: number;
  size: Size;
  sort: Sort;
}

export type Route =
  | { view: "market"; query: MarketQuery }
  | { view: "coin"; id: string; range: Range; vs: Currency }
  | { view: "unknown"; vs: Currency };

const DEFAULT_SORT: Sort = { by: "market_cap", down: true };
const DEFAULT_SIZE: Size = 100;
const DEFAULT_RANGE: Range = "7d";

/** The view at `url`; what it leaves out or misspells is the default, its currency the reader's own. */
export function routeOf(url: URL, ownVs: Currency): Route {
  const asked = url.searchParams;
  const vs = CURRENCIES.find((each) => each === asked.get("vs")) ?? ownVs;
  if (url.pathname === "/") return { view: "market", query: { vs, page: page(asked), size: size(asked), sort: sort(asked) } };
  const id = /^\/coins\/([^/]+)\/?$/.exec(url.pathname)?.[1];
  if (id === undefined) return { view: "unknown", vs };
  return { view: "coin", id: decoded(id), range: RANGES.find((each) => each === asked.get("range")) ?? DEFAULT_RANGE, vs };
}

/** The address of a view, without what is default. */
export function addressOf(route: Route, ownVs: Currency): string {
  const asked = new URLSearchParams();
  switch (route.view) {
    case "market": {
      const { vs, page, size, sort } = route.query;
      if (sort.by !== DEFAULT_SORT.by || sort.down !== DEFAULT_SORT.down) asked.set("order", `${sort.by}_${sort.down ? "desc" : "asc"}`);
      if (page > 1) asked.set("page", String(page));
      if (size !== DEFAULT_SIZE) asked.set("size", String(size));
      if (vs !== ownVs) asked.set("vs", vs);
      return withQuery("/", asked);
    }
    case "coin":
      if (route.range !== DEFAULT_RANGE) asked.set("range", route.range);
      if (route.vs !== ownVs) asked.set("vs", route.vs);
      return withQuery(`/coins/${encodeURIComponent(route.id)}`, asked);
    case "unknown":
      return "/";
  }
}

export function currencyOf(route: Route): Currency {
  return route.view === "market" ? route.query.vs : route.vs;
}

export function inCurrency(route: Route, vs: Currency): Route {
  return route.view === "market" ? { ...route, query: { ...route.query, vs } } : { ...route, vs };
}

export function marketRoute(vs: Currency): Route {
  return { view: "market", query: { vs, page: 1, size: DEFAULT_SIZE, sort: DEFAULT_SORT } };
}

export function coinRoute(id: string, vs: Currency): Route {
  return { view: "coin", id, range: DEFAULT_RANGE, vs };
}

/** What the server can order the whole market by; other columns order the page that it sends by cap. */
export function orderOf(sort: Sort): Order {
  const name = `${sort.by}_${sort.down ? "desc" : "asc"}`;
  return ORDERS.find((order) => order === name) ?? "market_cap_desc";
}

function page(asked: URLSearchParams): number {
  const whole = /^[1-9]\d{0,3}$/.exec(asked.get("page") ?? "");
  return whole ? Number(whole[0]) : 1;
}

function size(asked: URLSearchParams): Size {
  return SIZES.find((each) => String(each) === asked.get("size")) ?? DEFAULT_SIZE;
}

function sort(asked: URLSearchParams): Sort {
  const [, name, way] = /^(.+)_(asc|desc)$/.exec(asked.get("order") ?? "") ?? [];
  const by = COLUMNS.find((each) => each === name);
  return by ? { by, down: way === "desc" } : DEFAULT_SORT;
}

function withQuery(path: string, asked: URLSearchParams): string {
  const text = asked.toString();
  return text ? `${path}?${text}` : path;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone %: no coin is called so, and the server will say it
  }
}
