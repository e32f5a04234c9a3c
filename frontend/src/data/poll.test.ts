import { beforeEach, expect, test } from "vitest";
import type { Reply } from "../api/client";
import type { Loaded } from "./loaded";
import { Poll, backoff, type Surroundings } from "./poll";

/** A browser whose clock and visibility the test moves. */
class FakeBrowser implements Surroundings {
  time = 1_000_000;
  looked = true;
  timer: { at: number; run: () => void } | null = null;

  now = (): number => this.time;
  visible = (): boolean => this.looked;
  after = (ms: number, run: () => void): (() => void) => {
    this.timer = { at: this.time + ms, run };
    return () => (this.timer = null);
  };

  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    while (this.timer && this.timer.at <= until) {
      const { at, run } = this.timer;
      this.time = at;
      this.timer = null;
      run();
      await settled();
    }
    this.time = until;
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

const limited = (seconds: number): Reply<number> => ({
  ok: false,
  failure: { kind: "refused", problem: { type: "", title: "", status: 429, detail: "", instance: "", code: "rate-limited", retry_after: seconds } },
});
const unreachable: Reply<number> = { ok: false, failure: { kind: "unreachable" } };

let browser: FakeBrowser;
let replies: Reply<number>[];
let asked: number;
let shown: Loaded<number>[];

beforeEach(() => {
  browser = new FakeBrowser();
  replies = [];
  asked = 0;
  shown = [];
});

function poll(known: { value: number; readAt: number } | null = null): Poll<number> {
  const ask = async (): Promise<Reply<number>> => {
    asked += 1;
    return replies.shift() ?? { ok: true, value: asked };
  };
  return new Poll(ask, () => 60_000, browser, (loaded) => shown.push(loaded), known);
}

test("reads at once, and again every minute", async () => {
  poll().start();
  await settled();
  expect(shown).toMatchObject([{ state: "ready", value: 1 }]);
  await browser.pass(59_999);
  expect(asked).toBe(1);
  await browser.pass(1);
  expect(shown.at(-1)).toMatchObject({ state: "ready", value: 2, readAt: 1_060_000 });
});

test("what is known already is shown at once and read only when it is old", async () => {
  const known = poll({ value: 7, readAt: browser.time - 20_000 });
  expect(known.loaded).toMatchObject({ state: "ready", value: 7 });
  known.start();
  await browser.pass(39_999);
  expect(asked).toBe(0);
  await browser.pass(1);
  expect(asked).toBe(1);
});

test("a hidden tab reads nothing; shown again, it reads at once what grew old", async () => {
  const watched = poll();
  watched.start();
  await settled();
  browser.looked = false;
  await browser.pass(600_000);
  expect(asked).toBe(1);
  browser.looked = true;
  watched.wake();
  await settled();
  expect(asked).toBe(2);
});

test("a tab shown again before the data is old waits for the rest of the minute", async () => {
  const watched = poll();
  watched.start();
  await settled();
  await browser.pass(10_000);
  watched.wake();
  await settled();
  expect(asked).toBe(1);
  await browser.pass(50_000);
  expect(asked).toBe(2);
});

test("a failed refresh keeps the value and its time, and says what failed", async () => {
  replies = [{ ok: true, value: 1 }, unreachable];
  poll().start();
  await settled();
  await browser.pass(60_000);
  expect(shown.at(-1)).toEqual({
    state: "ready",
    value: 1,
    readAt: 1_000_000,
    trouble: { failure: { kind: "unreachable" }, retryAt: 1_065_000 },
  });
});

test("a failure with nothing to show names the next try, which the server may put off", async () => {
  replies = [limited(40)];
  poll().start();
  await settled();
  expect(shown).toMatchObject([{ state: "failed", trouble: { retryAt: 1_040_000 } }]);
  await browser.pass(39_999);
  expect(asked).toBe(1);
  await browser.pass(1);
  expect(shown.at(-1)).toMatchObject({ state: "ready", value: 2 });
});

test("one success ends the backoff", async () => {
  replies = [unreachable, unreachable, { ok: true, value: 3 }, unreachable];
  poll().start();
  await settled();
  await browser.pass(15_000);
  expect(asked).toBe(3);
  await browser.pass(60_000);
  expect(asked).toBe(4);
  await browser.pass(5_000);
  expect(asked).toBe(5);
});

test("a stopped poll never reads again, nor shows what was on its way", async () => {
  const left = poll();
  left.start();
  left.stop();
  await settled();
  await browser.pass(600_000);
  left.wake();
  await settled();
  expect(asked).toBe(1);
});

test.each([
  [1, null, 5_000],
  [2, null, 10_000],
  [3, null, 20_000],
  [50, null, 300_000], // bounded
  [1, 40, 40_000], // the server knows better
  [5, 1, 80_000], // but may not hurry us
])("after %s failures and Retry-After %s the next try is in %s ms", (failures, asks, wait) => {
  expect(backoff(failures, asks)).toBe(wait);
});
