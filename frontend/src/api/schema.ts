// Generated from the OpenAPI document by `npm run types`. Do not edit.

/** How reads ended; `reads` is the sum of hits, stale_hits, joined, loaded_elsewhere, misses, stale_on_error, negative_hits, refused and failures. */
export interface CacheCounts {
  /** all that have ended since the start of this process */
  reads: number;
  /** answered by a fresh entry */
  hits: number;
  /** answered at once by a stale entry */
  stale_hits: number;
  /** waited for a call that was under way for somebody else */
  joined: number;
  /** answered by what another process had just fetched */
  loaded_elsewhere: number;
  /** answered by a call of their own */
  misses: number;
  /** answered by a stale entry because upstream failed or the budget ran out */
  stale_on_error: number;
  /** refused by what upstream had said before */
  negative_hits: number;
  /** refused here, for CoinGecko surely would have */
  refused: number;
  /** ended with an error */
  failures: number;
  /** upstream was asked */
  loads: number;
  /** upstream was asked in vain */
  load_failures: number;
}

/** The cache as a whole, and by function. */
export interface CacheState {
  /** all that have ended since the start of this process */
  reads: number;
  /** answered by a fresh entry */
  hits: number;
  /** answered at once by a stale entry */
  stale_hits: number;
  /** waited for a call that was under way for somebody else */
  joined: number;
  /** answered by what another process had just fetched */
  loaded_elsewhere: number;
  /** answered by a call of their own */
  misses: number;
  /** answered by a stale entry because upstream failed or the budget ran out */
  stale_on_error: number;
  /** refused by what upstream had said before */
  negative_hits: number;
  /** refused here, for CoinGecko surely would have */
  refused: number;
  /** ended with an error */
  failures: number;
  /** upstream was asked */
  loads: number;
  /** upstream was asked in vain */
  load_failures: number;
  /** entries in memory */
  entries: number;
  /** bytes of their bodies */
  bytes: number;
  /** the same counts by function */
  families: Record<string, CacheCounts>;
}

/** Series of ``[ms UTC, value]``, oldest first; the last point is of the moment of the fetch. */
export interface Chart {
  /** prices */
  prices: [number, number | null][];
  /** market caps */
  market_caps: [number, number | null][];
  /** trading volumes of the 24 hours before */
  volumes: [number, number | null][];
  /** seconds from one point to the next, nearly */
  granularity_s: number;
  meta: Meta;
}

/** What a client has cost. */
export interface ClientCalls {
  /** of its key, or `owner`, or its address; ``null``: Dozor itself */
  name: string | null;
  /** calls since the start */
  calls: number;
  /** by this many at most `calls` is too high, after very many clients */
  too_many: number;
}

/** Its numbers are in the currency asked for. ``null``: upstream does not say. */
export interface Coin {
  /** CoinGecko's coin id */
  id: string;
  /** symbol; several coins may have the same */
  symbol: string;
  /** name */
  name: string;
  /** path of the picture in this API */
  image: string | null;
  /** place by market cap */
  rank: number | null;
  /** price */
  price: number | null;
  /** market cap */
  market_cap: number | null;
  /** trading volume of 24 hours */
  volume_24h: number | null;
  /** change of the price in an hour, per cent */
  change_1h: number | null;
  /** change of the price in 24 hours, per cent */
  change_24h: number | null;
  /** change of the price in 7 days, per cent */
  change_7d: number | null;
  /** hourly prices of 7 days, oldest first */
  sparkline_7d: (number | null)[] | null;
  /** the source's own time */
  observed_at: string | null;
  /** highest price of 24 hours */
  high_24h: number | null;
  /** lowest price of 24 hours */
  low_24h: number | null;
  /** market cap if all coins were in circulation */
  fully_diluted_valuation: number | null;
  supply: Supply;
  /** the highest price ever */
  ath: Extreme;
  /** the lowest price ever */
  atl: Extreme;
  description: Description;
  links: Links;
  /** contract address by platform */
  contracts: Record<string, string>;
  /** categories that the coin belongs to */
  categories: (string | null)[];
  /** day of the first block */
  genesis_date: string | null;
  meta: Meta;
}

/** A coin in the market table. ``null``: upstream does not say. */
export interface CoinRow {
  /** CoinGecko's coin id */
  id: string;
  /** symbol; several coins may have the same */
  symbol: string;
  /** name */
  name: string;
  /** path of the picture in this API */
  image: string | null;
  /** place by market cap */
  rank: number | null;
  /** price */
  price: number | null;
  /** market cap */
  market_cap: number | null;
  /** trading volume of 24 hours */
  volume_24h: number | null;
  /** change of the price in an hour, per cent */
  change_1h: number | null;
  /** change of the price in 24 hours, per cent */
  change_24h: number | null;
  /** change of the price in 7 days, per cent */
  change_7d: number | null;
  /** hourly prices of 7 days, oldest first */
  sparkline_7d: (number | null)[] | null;
  /** the source's own time */
  observed_at: string | null;
}

/** One page of it, in the order asked for; numbers in the currency asked for. ``null``: upstream does not say. */
export interface Coins {
  /** the coins */
  items: CoinRow[];
  meta: Meta;
}

/** What the project says of itself; may hold HTML. */
export interface Description {
  /** in Russian */
  ru: string | null;
  /** in English */
  en: string | null;
}

/** Share of the whole market's cap, per cent. */
export interface Dominance {
  /** of Bitcoin */
  btc: number | null;
  /** of Ethereum */
  eth: number | null;
}

/** The highest or lowest price ever. */
export interface Extreme {
  /** that price */
  price: number | null;
  /** when it was */
  date: string | null;
  /** change since then, per cent */
  change_percent: number | null;
}

/** One mistake in a request. */
export interface FieldError {
  /** where it is */
  pointer: string;
  /** kind of mistake */
  code: string;
  /** in words */
  message: string;
}

/** Web addresses, http(s) only. */
export interface Links {
  /** sites of the project */
  homepage: string[];
  /** block explorers */
  explorers: string[];
  /** source code */
  source: string[];
  /** forums */
  forum: string[];
  /** Twitter (X) */
  twitter: string | null;
  /** Telegram */
  telegram: string | null;
  /** Reddit */
  reddit: string | null;
}

/** Sums are in the currency asked for. ``null``: upstream does not say. */
export interface Market {
  /** coins that are traded */
  coins: number | null;
  /** exchanges */
  markets: number | null;
  /** market cap */
  market_cap: number | null;
  /** trading volume of 24 hours */
  volume_24h: number | null;
  /** change of the market cap in 24 hours, per cent */
  market_cap_change_24h: number | null;
  dominance: Dominance;
  /** the source's own time */
  observed_at: string | null;
  meta: Meta;
}

/** How old the data of a reply is, and where it came from. */
export interface Meta {
  /** when upstream said it (our fetch), UTC */
  observed_at: string;
  /** whole seconds since then */
  age_s: number;
  /** whether it is older than upstream's own cadence */
  state: "fresh" | "stale";
  /** the tier that had it, or upstream */
  source: "memory" | "redis" | "disk" | "upstream";
  /** made of answers to other questions: upstream's own may differ a little */
  approximate: boolean;
}

/** The month, and where it leads to at its average pace. */
export interface MonthWindow {
  /** calls used */
  used: number;
  /** calls allowed; ``null``: any number */
  limit: number | null;
  /** calls left; ``null``: any number */
  left: number | null;
  /** of the minute, when a call may go next (``null``: now); of the month, when its count begins again */
  resets_at: string | null;
  /** ``false``: calls are missing; with a limit it counts as spent */
  is_known: boolean;
  /** calls at the reset; ``null``: no whole day to judge by yet */
  projected_used: number | null;
  /** when the limit is reached; ``null``: not before the reset */
  projected_end: string | null;
}

/** Candles of ``[ms UTC of the close, open, high, low, close]``, oldest first. */
export interface Ohlc {
  /** the candles */
  candles: [number, number | null, number | null, number | null, number | null][];
  /** seconds of one candle */
  granularity_s: number;
  meta: Meta;
}

/** What upstream does not know is left out. */
export interface Prices {
  /** by coin, then by quote */
  prices: Record<string, Record<string, Quote>>;
  meta: Meta;
}

/** An error (RFC 9457). ``code`` never changes; ``title`` and ``detail`` follow ``Accept-Language``. */
export interface Problem {
  /** the code as a URN */
  type: string;
  /** what kind of error it is, in words */
  title: string;
  /** HTTP status */
  status: number;
  /** what happened, in words */
  detail: string;
  /** the request's id, as in ``X-Request-Id`` */
  instance: string;
  /** kind of error, for programs */
  code: string;
  /** the mistakes, where the request is not valid */
  errors?: FieldError[];
  /** seconds to wait, where waiting helps */
  retry_after?: number | null;
}

/** How much of the upstream budget is used. */
export interface Quota {
  /** the last 60 seconds */
  minute: Window;
  /** this month */
  month: MonthWindow;
  /** how many are known to share it */
  machines: number;
  /** of the minute, which this machine keeps to while the others are out of reach */
  part: number;
  /** no call goes out before; ``null``: no pause */
  paused_until: string | null;
  /** this machine's calls of the month, by function */
  costs: Record<string, number>;
  /** calls that were not made */
  saved: Saved;
}

/** A price with its time. */
export interface Quote {
  /** price of the coin in this quote */
  value: number | null;
  /** the source's own time */
  observed_at: string;
}

/** An upstream that is down does not count: what is cached is served. */
export interface Readiness {
  /** whether nothing is missing */
  ready: boolean;
  /** what is missing, in words */
  missing: string[];
}

/** Reads since the start that were answered without a call of their own, by how they ended. */
export interface Saved {
  /** all of them */
  total: number;
  /** answered by a fresh entry */
  hits: number;
  /** answered at once by a stale entry */
  stale_hits: number;
  /** waited for a call that was under way for somebody else */
  joined: number;
  /** answered by what another process had just fetched */
  loaded_elsewhere: number;
  /** answered by a stale entry because upstream failed or the budget ran out */
  stale_on_error: number;
  /** refused by what upstream had said before */
  negative_hits: number;
  /** refused here, for CoinGecko surely would have */
  refused: number;
}

/** A coin that a query found. */
export interface SearchHit {
  /** CoinGecko's coin id */
  id: string;
  /** symbol; several coins may have the same */
  symbol: string;
  /** name */
  name: string;
  /** path of the picture in this API */
  image: string | null;
  /** place by market cap; ``null`` until some answer has told it */
  rank: number | null;
}

/** What a query found, best first; at most 20. */
export interface SearchHits {
  /** the coins */
  items: SearchHit[];
  meta: Meta;
}

/** It costs no upstream call, and a key nothing of its rate. */
export interface Status {
  /** version of Dozor */
  version: string;
  /** CoinGecko plan */
  plan: "keyless" | "demo" | "pro";
  /** language of logs and messages */
  lang: "ru" | "en";
  /** when Dozor started */
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
  /** in circulation */
  circulating: number | null;
  /** all there are */
  total: number | null;
  /** all there can ever be */
  max: number | null;
}

/** Where entries are kept: ``up``, ``down`` (it is tried again), or ``off`` because the operator said so. */
export interface TierStates {
  /** this process */
  memory: "up";
  /** Redis */
  redis: "up" | "down" | "off";
  /** the file ``cache.db`` in the data folder */
  disk: "up" | "down";
}

/** Most wanted first. ``null``: upstream does not say. */
export interface Trending {
  /** the coins */
  items: TrendingCoin[];
  meta: Meta;
}

/** A coin that people look for. */
export interface TrendingCoin {
  /** CoinGecko's coin id */
  id: string;
  /** symbol; several coins may have the same */
  symbol: string;
  /** name */
  name: string;
  /** path of the picture in this API */
  image: string | null;
  /** place by market cap */
  rank: number | null;
  /** price in US dollars */
  price: number | string | null;
  /** change of the price in 24 hours, per cent */
  change_24h: number | null;
}

/** How upstream is doing. */
export interface UpstreamState {
  /** the breaker: calls pass, none does, or one tries */
  state: "closed" | "open" | "half_open";
  /** why calls are kept back */
  reason: "failing" | "limited" | "key_rejected" | null;
  /** when the next one may go out */
  retry_at: string | null;
  /** when a call last succeeded */
  last_success_at: string | null;
}

/** One budget window. ``limit`` and ``left`` null: there is no limit. */
export interface Window {
  /** calls used */
  used: number;
  /** calls allowed; ``null``: any number */
  limit: number | null;
  /** calls left; ``null``: any number */
  left: number | null;
  /** of the minute, when a call may go next (``null``: now); of the month, when its count begins again */
  resets_at: string | null;
}
