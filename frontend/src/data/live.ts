/** A component's window onto one path of our server, kept up to date while the tab is visible. */

import { useEffect, useRef, useState } from "preact/hooks";
import { read } from "../api/client";
import type { Loaded } from "./loaded";
import { recall, remember } from "./memory";
import { Poll, type Surroundings } from "./poll";

const MINUTE_MS = 60_000;

const browser: Surroundings = {
  now: () => Date.now(),
  visible: () => document.visibilityState === "visible",
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export function useLive<T>(path: string, every: (value: T, now: number) => number = () => MINUTE_MS): Loaded<T> {
  const [seen, show] = useState<{ path: string; loaded: Loaded<T> } | null>(null);
  useEffect(() => {
    const poll = new Poll<T>(
      (signal) => read(path, signal),
      every,
      browser,
      (loaded) => {
        if (loaded.state === "ready" && !loaded.trouble) remember(path, loaded.value, loaded.readAt);
        show({ path, loaded });
      },
      recall<T>(path),
    );
    const wake = (): void => poll.wake();
    document.addEventListener("visibilitychange", wake);
    poll.start();
    return () => {
      document.removeEventListener("visibilitychange", wake);
      poll.stop();
    };
  }, [path]);
  // On the first render of a new path the effect has not run yet; what is remembered must not blink.
  if (seen?.path === path) return seen.loaded;
  const known = recall<T>(path);
  return known ? { state: "ready", ...known, trouble: null } : { state: "loading" };
}

/** The last value shown, with what it was shown for, while the next one is on its way. */
export function useHeld<T, Q>(loaded: Loaded<T>, query: Q): { loaded: Loaded<T>; query: Q; moving: boolean } {
  const last = useRef<{ loaded: Loaded<T>; query: Q } | null>(null);
  if (loaded.state === "ready") last.current = { loaded, query };
  if (loaded.state === "loading" && last.current) return { ...last.current, moving: true };
  return { loaded, query, moving: false };
}
