/** How old a number is, counted on the server's clock, and what to say of it. */

import type { Meta } from "../api/types";

/** `fresh` up to one period, `ageing` up to three, `stale` beyond; `estimated` is not exact however young. */
export type Freshness = "fresh" | "ageing" | "stale" | "estimated" | "none";

/** Seconds in which a number is normally renewed: the source's own cadence and then ours. */
export const PERIOD = { price: 120, global: 660 } as const;

/** When something was observed, in milliseconds of *our* clock: the reader's may be wrong by hours. */
export function observedHere(observedAt: string | null, meta: Meta, readAt: number): number | null {
  if (observedAt === null) return null;
  const serverNow = Date.parse(meta.observed_at) + meta.age_s * 1000;
  return readAt - (serverNow - Date.parse(observedAt));
}

export function freshness(ageS: number | null, periodS: number, meta: Pick<Meta, "state" | "approximate">): Freshness {
  if (ageS === null) return "none";
  if (ageS > 3 * periodS) return "stale";
  if (meta.approximate) return "estimated";
  return ageS > periodS || meta.state === "stale" ? "ageing" : "fresh";
}
