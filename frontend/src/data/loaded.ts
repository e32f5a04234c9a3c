/** What a view knows about something it shows: nothing yet, a value (perhaps with a failed refresh), or only a failure. */

import type { Failure } from "../api/client";

export interface Trouble {
  failure: Failure;
  retryAt: number; // Unix milliseconds of the next try
}

export type Loaded<T> =
  | { state: "loading" }
  | { state: "ready"; value: T; readAt: number; trouble: Trouble | null }
  | { state: "failed"; trouble: Trouble };

/** What is wrong, whether or not there is a value to show meanwhile. */
export function troubleOf(loaded: Loaded<unknown>): Trouble | null {
  return loaded.state === "loading" ? null : loaded.trouble;
}
