/** A budget for tests: 1,234 of a month's 10,000 calls are used. */

import type { Quota } from "../api/types";

const SAVED: Quota["saved"] = {
  total: 0,
  hits: 0,
  stale_hits: 0,
  joined: 0,
  loaded_elsewhere: 0,
  stale_on_error: 0,
  negative_hits: 0,
  refused: 0,
};

export function sampleQuota(month: Partial<Quota["month"]> = {}, saved = 0): Quota {
  return {
    minute: { used: 2, limit: 27, left: 25, resets_at: null },
    month: {
      used: 1234,
      limit: 10_000,
      left: 8766,
      resets_at: "2026-12-01T12:00:00Z",
      is_known: true,
      projected_used: null,
      projected_end: null,
      ...month,
    },
    machines: 1,
    part: 1,
    paused_until: null,
    costs: {},
    saved: { ...SAVED, total: saved },
  };
}
