// Generated from the OpenAPI document by `npm run types`. Do not edit.

/** How reads ended; `reads` is the sum of hits, stale_hits, joined, loaded_elsewhere, misses, stale_on_error, negative_hits, refused and failures. */
export interface CacheCounts {
  reads: number;
  hits: number;
  stale_hits: number;
  joined: number;
  loaded_elsewhere: number;
  misses: number;
  stale_on_error: number;
  negative_hits: number;
  refused: number;
  failures: number;
  loads: number;
  load_failures: number;
}

/** The cache as a whole, and by function. */
export interface CacheState {
  reads: number;
  hits: number;
  stale_hits: number;
  joined: number;
  loaded_elsewhere: number;
  misses: number;
  stale_on_error: number;
  negative_hits: number;
  refused: number;
  failures: number;
  loads: number;
  load_failures: number;
  entries: number;
  bytes: number;
  families: Record<string, CacheCounts>;
}

/** Series of ``[ms UTC, value]``, oldest first; the last point is of the moment of the fetch. */
export interface Chart {
  prices: [number, number | null][];
  market_caps: [number, number | null][];
  volumes: [number, number | null][];
  granularity_s: number;
  meta: Meta;
}

/** What a client has cost. ``name``: of its key, or `owner`, or its address; null: Dozor itself. */
export interface ClientCalls {
  name: string | null;
  calls: number;
  /** by this many at most `calls` is too high, after very many clients */
  too_many: number;
}

/** Everything about one coin. */
export interface Coin {
  id: string;
  symbol: string;
  name: string;
  image: string | null;
  rank: number | null;
  price: number | null;
  market_cap: number | null;
  volume_24h: number | null;
  /** per cent */
  change_1h: number | null;
  /** per cent */
  change_24h: number | null;
  /** per cent */
  change_7d: number | null;
  sparkline_7d: (number | null)[] | null;
  /** the source's own time */
  observed_at: string | null;
  high_24h: number | null;
  low_24h: number | null;
  fully_diluted_valuation: number | null;
  supply: Supply;
  ath: Extreme;
  atl: Extreme;
  description: Description;
  links: Links;
  /** address by platform */
  contracts: Record<string, string>;
  categories: (string | null)[];
  genesis_date: string | null;
  meta: Meta;
}

/** A coin in the market table. ``null``: upstream does not say. */
export interface CoinRow {
  id: string;
  symbol: string;
  name: string;
  image: string | null;
  rank: number | null;
  price: number | null;
  market_cap: number | null;
  volume_24h: number | null;
  /** per cent */
  change_1h: number | null;
  /** per cent */
  change_24h: number | null;
  /** per cent */
  change_7d: number | null;
  sparkline_7d: (number | null)[] | null;
  /** the source's own time */
  observed_at: string | null;
}

/** A page of the market table. */
export interface Coins {
  items: CoinRow[];
  meta: Meta;
}

/** What the project says of itself; may hold HTML. */
export interface Description {
  ru: string | null;
  en: string | null;
}

/** Share of the whole market's cap, per cent. */
export interface Dominance {
  btc: number | null;
  eth: number | null;
}

/** The highest or lowest price ever. */
export interface Extreme {
  price: number | null;
  date: string | null;
  change_percent: number | null;
}

/** One mistake in a request. */
export interface FieldError {
  pointer: string;
  code: string;
  message: string;
}

/** Web addresses, http(s) only. */
export interface Links {
  homepage: string[];
  explorers: string[];
  source: string[];
  forum: string[];
  twitter: string | null;
  telegram: string | null;
  reddit: string | null;
}

/** The market as a whole. */
export interface Market {
  coins: number | null;
  markets: number | null;
  market_cap: number | null;
  volume_24h: number | null;
  market_cap_change_24h: number | null;
  dominance: Dominance;
  observed_at: string | null;
  meta: Meta;
}

/** How old the data of a reply is, and where it came from. */
export interface Meta {
  /** when upstream said it (our fetch), UTC */
  observed_at: string;
  /** whole seconds since then */
  age_s: number;
  state: "fresh" | "stale";
  source: "memory" | "redis" | "disk" | "upstream";
  /** put together from facts that no single upstream answer held */
  approximate: boolean;
}

/** The month, and where it leads to at its average pace. */
export interface MonthWindow {
  used: number;
  limit: number | null;
  left: number | null;
  /** of the month, when its count begins again; of the minute, when a call may go next, null: now */
  resets_at: string | null;
  /** false: a count of this month was lost, and with a limit it counts as spent */
  is_known: boolean;
  /** calls at the reset; null while there is no whole day to judge by */
  projected_used: number | null;
  /** when the limit is reached; null: not before the reset */
  projected_end: string | null;
}

/** Candles of ``[ms UTC of the close, open, high, low, close]``, oldest first. */
export interface Ohlc {
  candles: [number, number | null, number | null, number | null, number | null][];
  granularity_s: number;
  meta: Meta;
}

/** Prices by coin and quote; what upstream does not know is left out. */
export interface Prices {
  prices: Record<string, Record<string, Quote>>;
  meta: Meta;
}

/** An error (RFC 9457). ``code`` never changes; ``title`` and ``detail`` follow ``Accept-Language``. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  errors?: FieldError[];
  retry_after?: number | null;
}

/** How much of the upstream budget is used. */
export interface Quota {
  minute: Window;
  month: MonthWindow;
  /** how many are known to share it */
  machines: number;
  /** of the minute, which this machine keeps to while the others are out of reach */
  part: number;
  /** no call goes out before */
  paused_until: string | null;
  /** this machine's calls of the month, by function */
  costs: Record<string, number>;
  saved: Saved;
}

/** A price with its time. */
export interface Quote {
  value: number | null;
  observed_at: string;
}

/** Reads since the start that were answered without a call of their own, by how they ended. */
export interface Saved {
  total: number;
  hits: number;
  stale_hits: number;
  joined: number;
  loaded_elsewhere: number;
  stale_on_error: number;
  negative_hits: number;
  refused: number;
}

/** A coin that a query found. */
export interface SearchHit {
  id: string;
  symbol: string;
  name: string;
  image: string | null;
  rank: number | null;
}

/** What a query found, best first. */
export interface SearchHits {
  items: SearchHit[];
  meta: Meta;
}

/** How Dozor is doing. */
export interface Status {
  version: string;
  plan: "keyless" | "demo" | "pro";
  lang: "ru" | "en";
  started_at: string;
  upstream: UpstreamState;
  quota: Quota;
  cache: CacheState;
  tiers: TierStates;
  /** whose reads cost how many calls since the start, at most 50; for the owner alone */
  clients?: ClientCalls[] | null;
}

/** Coins in existence. */
export interface Supply {
  circulating: number | null;
  total: number | null;
  max: number | null;
}

/** Where entries are kept: ``up``, ``down`` (it is tried again), or ``off`` because the operator said so. */
export interface TierStates {
  memory: "up";
  redis: "up" | "down" | "off";
  disk: "up" | "down";
}

/** What people look for, most wanted first. */
export interface Trending {
  items: TrendingCoin[];
  meta: Meta;
}

/** A coin that people look for. */
export interface TrendingCoin {
  id: string;
  symbol: string;
  name: string;
  image: string | null;
  rank: number | null;
  price: number | string | null;
  change_24h: number | null;
}

/** How upstream is doing. */
export interface UpstreamState {
  state: "closed" | "open" | "half_open";
  reason: "failing" | "limited" | "key_rejected" | null;
  retry_at: string | null;
  last_success_at: string | null;
}

/** One budget window. ``limit`` and ``left`` null: there is no limit. */
export interface Window {
  used: number;
  limit: number | null;
  left: number | null;
  /** of the month, when its count begins again; of the minute, when a call may go next, null: now */
  resets_at: string | null;
}
