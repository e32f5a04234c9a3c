/** Reads one path again and again while somebody looks, and less often while it fails. */

import { retryAfter, type Reply } from "../api/client";
import type { Loaded } from "./loaded";

/** What a poll needs from the browser; instants are Unix milliseconds. */
export interface Surroundings {
  now(): number;
  visible(): boolean;
  after(ms: number, run: () => void): () => void;
}

const BACKOFF_FIRST_MS = 5_000;
const BACKOFF_MOST_MS = 300_000;

export class Poll<T> {
  #loaded: Loaded<T>;
  #failures = 0;
  #dueAt: number;
  #forget: () => void = () => undefined;
  #reading: AbortController | null = null;
  #stopped = true;

  /** `every` is asked after each success, so that it may depend on what was read. */
  constructor(
    private readonly ask: (signal: AbortSignal) => Promise<Reply<T>>,
    private readonly every: (value: T, now: number) => number,
    private readonly around: Surroundings,
    private readonly show: (loaded: Loaded<T>) => void,
    known: { value: T; readAt: number } | null,
  ) {
    this.#loaded = known ? { state: "ready", ...known, trouble: null } : { state: "loading" };
    this.#dueAt = known ? known.readAt + every(known.value, known.readAt) : around.now();
  }

  get loaded(): Loaded<T> {
    return this.#loaded;
  }

  start(): void {
    this.#stopped = false;
    this.wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#forget();
    this.#reading?.abort();
    this.#reading = null;
  }

  /** Reads now if it is due and somebody looks, else sleeps until it is due. Call it when the tab becomes visible. */
  wake(): void {
    this.#forget();
    if (this.#stopped || this.#reading || !this.around.visible()) return;
    const wait = this.#dueAt - this.around.now();
    if (wait <= 0) void this.#read();
    else this.#forget = this.around.after(wait, () => this.wake());
  }

  async #read(): Promise<void> {
    const reading = (this.#reading = new AbortController());
    try {
      this.#take(await this.ask(reading.signal));
    } catch (error) {
      if (!reading.signal.aborted) throw error;
      return; // nobody waits for it any more
    }
    this.#reading = null;
    this.show(this.#loaded);
    this.wake();
  }

  #take(reply: Reply<T>): void {
    const now = this.around.now();
    if (reply.ok) {
      this.#failures = 0;
      this.#dueAt = now + this.every(reply.value, now);
      this.#loaded = { state: "ready", value: reply.value, readAt: now, trouble: null };
      return;
    }
    this.#failures += 1;
    this.#dueAt = now + backoff(this.#failures, retryAfter(reply.failure));
    const trouble = { failure: reply.failure, retryAt: this.#dueAt };
    // Old data is better than none, and says how old it is.
    this.#loaded = this.#loaded.state === "ready" ? { ...this.#loaded, trouble } : { state: "failed", trouble };
  }
}

/** Milliseconds to wait after so many failures in a row: what the server asked for, and at least our own doubling. */
export function backoff(failures: number, retryAfterS: number | null): number {
  const own = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** (failures - 1));
  return Math.max(own, (retryAfterS ?? 0) * 1000);
}
