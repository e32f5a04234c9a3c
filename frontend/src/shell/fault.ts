/** Whether something is wrong with the whole system, as opposed to with one number. */

import type { Failure } from "../api/client";
import type { Status } from "../api/types";
import { troubleOf, type Loaded } from "../data/loaded";

export interface SystemFault {
  cause: "limited" | "failing" | "key_rejected" | "unreachable";
  retryAt: number | null; // Unix milliseconds
  lastSuccessAt: number | null;
}

/** The fault to tell everybody of, or null. Our own silence outranks what we last heard of upstream. */
export function systemFault(status: Loaded<Status>): SystemFault | null {
  const trouble = troubleOf(status);
  const known = status.state === "ready" ? status.value.upstream : null;
  const lastSuccessAt = known?.last_success_at ? Date.parse(known.last_success_at) : null;
  if (trouble && ownFault(trouble.failure)) return { cause: "unreachable", retryAt: trouble.retryAt, lastSuccessAt };
  if (!known || known.state === "closed") return null;
  // A breaker without a reason opened because calls failed: that is the only other way it opens.
  return { cause: known.reason ?? "failing", retryAt: known.retry_at ? Date.parse(known.retry_at) : null, lastSuccessAt };
}

export function isSignedOut(status: Loaded<Status>): boolean {
  return troubleOf(status)?.failure.kind === "signed_out";
}

function ownFault(failure: Failure): boolean {
  switch (failure.kind) {
    case "unreachable":
    case "refused":
      return true;
    case "signed_out":
    case "absent":
      return false;
  }
}

const MINUTE_MS = 60_000;
const SOONEST_MS = 5_000;

/** How long a status is worth: a minute, less when upstream will be tried again before that. */
export function statusFor(status: Status, now: number): number {
  if (status.upstream.retry_at === null) return MINUTE_MS;
  return Math.min(MINUTE_MS, Math.max(SOONEST_MS, Date.parse(status.upstream.retry_at) - now + 1_000));
}
