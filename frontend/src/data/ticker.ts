/** One heartbeat for every age on the page; it rests while nobody looks. */

import { useEffect, useState } from "preact/hooks";

const BEAT_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** `derive(now)`, kept up to date; the component renders again only when the result changes. */
export function useDerived<T extends string | number | null>(derive: (now: number) => T): T {
  const [, render] = useState(0);
  const current = derive(Date.now());
  useEffect(
    () =>
      onBeat(() => {
        if (derive(Date.now()) !== current) render((turn) => turn + 1);
      }),
    [derive, current],
  );
  return current;
}

function onBeat(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    if (document.visibilityState === "visible") for (const each of [...listeners]) each();
  }, BEAT_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
