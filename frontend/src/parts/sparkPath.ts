/** The shape of a spark line. */

const MOST_POINTS = 56; // at 112 px, half a point per pixel: more cannot be seen, and 100 rows must be light

/** An SVG path through `values` in a box, the ends on its sides; null when there is no line to draw. */
export function sparkPath(values: readonly number[], width: number, height: number): string | null {
  const points = thinned(values);
  if (points.length < 2) return null;
  const low = Math.min(...points);
  const span = Math.max(...points) - low;
  const step = width / (points.length - 1);
  const y = (value: number): number => (span === 0 ? height / 2 : height - ((value - low) / span) * height);
  return points.map((value, at) => `${at === 0 ? "M" : "L"}${round(at * step)} ${round(y(value))}`).join("");
}

/** Every n-th value, always with the last: it is the one that the price stands for. */
function thinned(values: readonly number[]): number[] {
  const every = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  return values.filter((_, at) => (values.length - 1 - at) % every === 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
