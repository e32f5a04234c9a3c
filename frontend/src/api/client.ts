/** Reads our own server; what can go wrong is a value with a name, not an exception. */

import type { Problem } from "./types";

export type Failure =
  | { kind: "unreachable" } // our server did not answer, or not in words we know
  | { kind: "signed_out" }
  | { kind: "absent" }
  | { kind: "refused"; problem: Problem };

export type Reply<T> = { ok: true; value: T } | { ok: false; failure: Failure };

const PATIENCE_MS = 20_000; // more than the server's own deadline, so that its words arrive before ours

/** The JSON at `path`. Rejects only when `signal` aborts. */
export async function read<T>(path: string, signal: AbortSignal): Promise<Reply<T>> {
  try {
    const answer = await fetch(path, {
      headers: { accept: "application/json" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    if (answer.ok) return { ok: true, value: (await answer.json()) as T };
    return { ok: false, failure: await told(answer) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ok: false, failure: { kind: "unreachable" } };
  }
}

/** Seconds the server asks us to wait, or null. */
export function retryAfter(failure: Failure): number | null {
  return failure.kind === "refused" ? (failure.problem.retry_after ?? null) : null;
}

async function told(answer: Response): Promise<Failure> {
  if (answer.status === 401) return { kind: "signed_out" };
  if (answer.status === 404) return { kind: "absent" };
  if (!answer.headers.get("content-type")?.startsWith("application/problem+json")) return { kind: "unreachable" };
  return { kind: "refused", problem: (await answer.json()) as Problem };
}
