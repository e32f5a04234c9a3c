/** The bodies of `/api/v1`, as its OpenAPI document names them. */

export interface Meta {
  observed_at: string;
  age_s: number;
  state: "fresh" | "stale";
  source: string;
  approximate: boolean;
}

export interface CoinRow {
  id: string;
  symbol: string;
  name: string;
  image: string | null;
  rank: number | null;
  price: number | null;
  market_cap: number | null;
  volume_24h: number | null;
  change_1h: number | null;
  change_24h: number | null;
  change_7d: number | null;
  sparkline_7d: number[] | null;
  observed_at: string | null;
}

export interface Coins {
  items: CoinRow[];
  meta: Meta;
}

export interface Extreme {
  price: number | null;
  date: string | null;
  change_percent: number | null;
}

export interface Links {
  homepage: string[];
  explorers: string[];
  source: string[];
  forum: string[];
  twitter: string | null;
  telegram: string | null;
  reddit: string | null;
}

export interface Coin extends CoinRow {
  high_24h: number | null;
  low_24h: number | null;
  supply: { circulating: number | null; total: number | null; max: number | null };
  fully_diluted_valuation: number | null;
  ath: Extreme;
  atl: Extreme;
  description: { ru: string | null; en: string | null };
  links: Links;
  contracts: Record<string, string>;
  categories: string[];
  genesis_date: string | null;
  meta: Meta;
}

/** Unix milliseconds and the value then. */
export type Point = [number, number];

export interface Chart {
  prices: Point[];
  market_caps: Point[];
  volumes: Point[];
  granularity_s: number;
  meta: Meta;
}

export interface Found {
  items: { id: string; symbol: string; name: string; image: string | null; rank: number | null }[];
  meta: Meta;
}

export interface Global {
  coins: number | null;
  markets: number | null;
  market_cap: number | null;
  volume_24h: number | null;
  market_cap_change_24h: number | null;
  dominance: { btc: number | null; eth: number | null };
  observed_at: string | null;
  meta: Meta;
}

export interface Window {
  used: number;
  limit: number | null;
}

export interface Status {
  version: string;
  plan: string;
  upstream: {
    state: "closed" | "open" | "half_open";
    reason: null | "failing" | "limited" | "key_rejected";
    retry_at: string | null;
    last_success_at: string | null;
  };
  quota: { minute: Window; month: Window & { resets_at: string | null } };
  lang: "ru" | "en";
}

/** RFC 9457, as every error of ours is told. */
export interface Problem {
  title: string;
  status: number;
  detail?: string | null;
  code?: string | null;
  retry_after?: number | null;
}
