/** A coin's price over a range: as a line, as a sentence, or as a table. */

import { useMemo, useState } from "preact/hooks";
import * as paths from "../api/paths";
import type { Chart, KnownPoint, Point } from "../api/types";
import { useHeld, useLive } from "../data/live";
import { troubleOf } from "../data/loaded";
import type { Currency } from "../format/money";
import { Age, observed } from "../parts/Age";
import { Failed } from "../parts/Failed";
import { useLocale } from "../shell/locale";
import { adjust } from "../shell/navigation";
import { ChartCanvas } from "./ChartCanvas";
import { ChartTable } from "./ChartTable";
import { summary } from "./summary";

export interface Asked {
  id: string;
  range: paths.Range;
  vs: Currency;
}

export function ChartPanel({ id, range, vs }: Asked) {
  const { words } = useLocale();
  const [asTable, setAsTable] = useState(false);
  const now = useLive<Chart>(paths.chart(id, range, vs), chartFor);
  const held = useHeld(now, { id, range, vs });
  return (
    <section class="chart" aria-label={words.chart}>
      <div class="tools">
        <Ranges asked={{ id, range, vs }} />
        {held.loaded.state === "ready" && (
          <Age
            observed={observed(held.loaded.value.meta.observed_at, held.loaded.value.meta, held.loaded.readAt, period(held.loaded.value))}
            failed={troubleOf(now) !== null}
          />
        )}
        <button type="button" class="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? words.showChart : words.showTable}
        </button>
      </div>
      <Body {...held} asTable={asTable} />
    </section>
  );
}

function Body({ loaded, query, moving, asTable }: ReturnType<typeof useHeld<Chart, Asked>> & { asTable: boolean }) {
  const locale = useLocale();
  const chart = loaded.state === "ready" ? loaded.value : null;
  const prices = useMemo(() => known(chart?.prices ?? []), [chart]);
  switch (loaded.state) {
    case "loading":
      return <div class="plot waiting" role="status" aria-label={locale.words.loading} />;
    case "failed":
      return (
        <div class="plot">
          <Failed trouble={loaded.trouble} />
        </div>
      );
    case "ready": {
      const sentence = summary(prices, query.range, query.vs, locale);
      return (
        <>
          {asTable ? <ChartTable points={prices} {...query} /> : <ChartCanvas points={prices} label={sentence} moving={moving} {...query} />}
          <p class="muted summary">{sentence}</p>
        </>
      );
    }
  }
}

function Ranges({ asked }: { asked: Asked }) {
  const { words } = useLocale();
  return (
    <div class="ranges" role="group" aria-label={words.range}>
      {paths.RANGES.map((range) => (
        <button
          key={range}
          type="button"
          aria-pressed={range === asked.range}
          title={words.ranges[range]}
          onClick={() => adjust({ view: "coin", ...asked, range })}
        >
          {words.rangeShort[range]}
        </button>
      ))}
    </div>
  );
}

/** A point that upstream has no price for is a gap that the line goes over. */
function known(points: readonly Point[]): KnownPoint[] {
  return points.flatMap(([at, value]): KnownPoint[] => (value === null ? [] : [[at, value]]));
}

const MINUTE_MS = 60_000;
const LONGEST_MS = 10 * MINUTE_MS;

/** A chart changes when its next point is due, so asking sooner would bring the same one. */
function chartFor(chart: Chart): number {
  return Math.min(LONGEST_MS, Math.max(MINUTE_MS, chart.granularity_s * 1000));
}

function period(chart: Chart): number {
  return chart.granularity_s + LONGEST_MS / 1000;
}
