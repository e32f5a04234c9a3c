import { expect, test } from "vitest";
import type { Status } from "../api/types";
import type { Loaded, Trouble } from "../data/loaded";
import { isSignedOut, statusFor, systemFault } from "./fault";
import { sampleQuota } from "./quota.sample";

const NO_READS = {
  reads: 0,
  hits: 0,
  stale_hits: 0,
  joined: 0,
  loaded_elsewhere: 0,
  misses: 0,
  stale_on_error: 0,
  negative_hits: 0,
  refused: 0,
  failures: 0,
  loads: 0,
  load_failures: 0,
};

const at = (clock: string): number => Date.parse(`2026-11-22T${clock}Z`);

function status(upstream: Partial<Status["upstream"]> = {}): Status {
  return {
    version: "0.1.0",
    plan: "demo",
    started_at: "2026-11-22T12:00:00Z",
    upstream: { state: "closed", reason: null, retry_at: null, last_success_at: "2026-11-22T12:04:00Z", ...upstream },
    quota: sampleQuota(),
    lang: "en",
    cache: { ...NO_READS, entries: 0, bytes: 0, families: {} },
    tiers: { memory: "up", redis: "off", disk: "up" },
  };
}

function ready(upstream: Partial<Status["upstream"]>, trouble: Trouble | null = null): Loaded<Status> {
  return { state: "ready", value: status(upstream), readAt: 0, trouble };
}

const silent: Trouble = { failure: { kind: "unreachable" }, retryAt: 42 };

test("a working upstream is no news", () => {
  expect(systemFault(ready({}))).toBeNull();
  expect(systemFault({ state: "loading" })).toBeNull();
});

test.each(["limited", "failing", "key_rejected"] as const)("%s is told with the next try and the time of the data", (reason) => {
  const fault = systemFault(ready({ state: "open", reason, retry_at: "2026-11-22T12:05:00Z" }));
  expect(fault).toEqual({ cause: reason, retryAt: at("12:05:00"), lastSuccessAt: at("12:04:00") });
});

test("a fault lasts while the breaker is half open", () => {
  expect(systemFault(ready({ state: "half_open", reason: "failing" }))).toMatchObject({ cause: "failing", retryAt: null });
});

test("our own silence outranks what was last heard of upstream", () => {
  const fault = systemFault(ready({ state: "open", reason: "limited" }, silent));
  expect(fault).toEqual({ cause: "unreachable", retryAt: 42, lastSuccessAt: at("12:04:00") });
  expect(systemFault({ state: "failed", trouble: silent })).toMatchObject({ cause: "unreachable", lastSuccessAt: null });
});

test("a reader who is not signed in is told that, not of a fault", () => {
  const out: Loaded<Status> = { state: "failed", trouble: { failure: { kind: "signed_out" }, retryAt: 0 } };
  expect(systemFault(out)).toBeNull();
  expect(isSignedOut(out)).toBe(true);
  expect(isSignedOut(ready({}, silent))).toBe(false);
});

test.each([
  [null, 60_000],
  ["2026-11-22T12:00:20Z", 21_000], // just after the try
  ["2026-11-22T12:00:01Z", 5_000], // never a storm
  ["2026-11-22T11:00:00Z", 5_000],
  ["2026-11-22T13:00:00Z", 60_000],
])("a status whose next try is at %s is good for %s ms", (retry_at, good) => {
  expect(statusFor(status({ state: "open", retry_at }), at("12:00:00"))).toBe(good);
});
