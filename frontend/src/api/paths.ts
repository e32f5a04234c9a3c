/** Where things are on our server. A path is also the name under which the page remembers the answer. */

import type { Currency } from "../format/money";

export const ORDERS = ["market_cap_desc", "market_cap_asc", "volume_desc", "volume_asc", "id_asc", "id_desc"] as const;
export type Order = (typeof ORDERS)[number];

export const RANGES = ["1d", "7d", "30d", "90d", "1y"] as const;
export type Range = (typeof RANGES)[number];

export const STATUS = "/api/v1/status";

export function coins(vs: Currency, page: number, size: number, order: Order): string {
  return `/api/v1/coins?vs_currency=${vs}&page=${page}&per_page=${size}&order=${order}`;
}

export function coin(id: string, vs: Currency): string {
  return `/api/v1/coins/${encodeURIComponent(id)}?vs_currency=${vs}`;
}

export function chart(id: string, range: Range, vs: Currency): string {
  return `/api/v1/coins/${encodeURIComponent(id)}/chart?range=${range}&vs_currency=${vs}`;
}

export function search(text: string): string {
  return `/api/v1/search?q=${encodeURIComponent(text)}`;
}

export function global(vs: Currency): string {
  return `/api/v1/global?vs_currency=${vs}`;
}
