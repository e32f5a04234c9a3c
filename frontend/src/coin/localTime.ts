/**
 * The chart library knows only UTC. We give it the reader's wall clock as if it were UTC, so that its days begin at the
 * reader's midnight; labels are then formatted in UTC. Seconds, strictly ascending, as it demands.
 */

import type { KnownPoint } from "../api/types";

export interface WallPoint {
  time: number; // seconds of the wall clock
  value: number;
}

/** The points in wall time. The hour that a clock set back repeats is left out: one instant cannot be drawn twice. */
export function onWallClock(points: readonly KnownPoint[], offsetMinutes: (at: number) => number = ownOffset): WallPoint[] {
  const drawn: WallPoint[] = [];
  for (const [at, value] of points) {
    const time = Math.floor(at / 1000) - offsetMinutes(at) * 60;
    if (time > (drawn.at(-1)?.time ?? -Infinity)) drawn.push({ time, value });
  }
  return drawn;
}

/** Minutes that UTC is ahead of the reader's clock at that instant. */
function ownOffset(at: number): number {
  return new Date(at).getTimezoneOffset();
}
