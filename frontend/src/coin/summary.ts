/** A chart told in one sentence. */

import type { Range } from "../api/paths";
import type { KnownPoint } from "../api/types";
import { price, type Currency } from "../format/money";
import { change, direction } from "../format/percent";
import { moment, day } from "../format/time";
import type { Locale } from "../shell/locale";

export function summary(points: readonly KnownPoint[], range: Range, vs: Currency, { lang, words }: Locale): string {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return words.noPoints;
  const [low, high] = extremes(points, first);
  const when = (at: number): string => (range === "1y" ? day : moment)(new Date(at), lang);
  const money = (value: number): string => price(value, vs, lang);
  const percent = first[1] === 0 ? 0 : (last[1] / first[1] - 1) * 100;
  const by = change(Math.abs(percent), lang).replace("+", "");
  const way = direction(percent);
  const name = words.ranges[range];
  const head =
    way === "flat"
      ? words.summaryFlat(name, money(last[1]))
      : (way === "up" ? words.summaryRose : words.summaryFell)(name, by, money(first[1]), money(last[1]));
  return head + words.summaryExtremes(money(low[1]), when(low[0]), money(high[1]), when(high[0]));
}

function extremes(points: readonly KnownPoint[], first: KnownPoint): [low: KnownPoint, high: KnownPoint] {
  let [low, high] = [first, first];
  for (const point of points) {
    if (point[1] < low[1]) low = point;
    if (point[1] > high[1]) high = point;
  }
  return [low, high];
}
