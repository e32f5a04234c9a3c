/** The chart on its canvas: the only module that knows the chart library, loaded when a chart is first shown. */

import { AreaSeries, createChart, LineType, TickMarkType, type UTCTimestamp } from "lightweight-charts";
import { axisPrices, price, type Currency } from "../format/money";
import type { Lang } from "../format/number";
import { clock, dayOfMonth, moment, month } from "../format/time";
import type { WallPoint } from "./localTime";

export interface Drawing {
  show(points: readonly WallPoint[], vs: Currency, lang: Lang): void;
  /** Puts the cursor on a point, as a pointer would. */
  point(at: WallPoint): void;
  /** Takes the colours from the page again, after its theme changed. */
  repaint(): void;
  remove(): void;
}

/** Draws into `place`; `pointed` hears which point the pointer is over, null when it left. */
export function draw(place: HTMLElement, pointed: (time: number | null) => void): Drawing {
  const chart = createChart(place, {
    autoSize: true,
    layout: { attributionLogo: true, fontFamily: getComputedStyle(place).fontFamily },
    rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.1, bottom: 0.08 } },
    timeScale: { borderVisible: false, fixLeftEdge: true, fixRightEdge: true, timeVisible: true, lockVisibleTimeRangeOnResize: true },
    handleScroll: false, // the page scrolls; the ranges above choose what is seen
    handleScale: false,
  });
  const line = chart.addSeries(AreaSeries, { lineWidth: 2, lineType: LineType.Simple, priceLineVisible: false, lastValueVisible: true });
  chart.subscribeCrosshairMove(({ time }) => pointed(typeof time === "number" ? time : null));

  const repaint = (): void => {
    const tokens = getComputedStyle(document.documentElement);
    const colour = (name: string): string => tokens.getPropertyValue(name).trim();
    chart.applyOptions({
      layout: { background: { color: "transparent" }, textColor: colour("--muted"), fontSize: 12 },
      grid: { vertLines: { visible: false }, horzLines: { color: colour("--line") } },
      crosshair: {
        vertLine: { color: colour("--faint"), labelBackgroundColor: colour("--solid") },
        horzLine: { color: colour("--faint"), labelBackgroundColor: colour("--solid") },
      },
    });
    line.applyOptions({
      lineColor: colour("--accent"),
      topColor: colour("--accent-wash"),
      bottomColor: "transparent",
      crosshairMarkerBackgroundColor: colour("--accent"),
    });
  };
  repaint();

  return {
    show(points, vs, lang) {
      chart.applyOptions({
        localization: {
          locale: lang,
          priceFormatter: (value: number) => price(value, vs, lang),
          tickmarksPriceFormatter: (values: number[]) => axisPrices(values, vs, lang),
          timeFormatter: (time: UTCTimestamp) => moment(wall(time), lang, "UTC"),
        },
        timeScale: { tickMarkFormatter: (time: UTCTimestamp, kind: TickMarkType) => tick(wall(time), kind, lang) },
      });
      line.applyOptions({ priceFormat: { type: "price", minMove: leastMove(points), precision: 2 } });
      line.setData(points.map(({ time, value }) => ({ time: time as UTCTimestamp, value })));
      chart.timeScale().fitContent();
    },
    point: ({ time, value }) => chart.setCrosshairPosition(value, time as UTCTimestamp, line),
    repaint,
    remove: () => chart.remove(),
  };
}

/** Wall time is told to the library as UTC, and read back so. */
function wall(time: UTCTimestamp): Date {
  return new Date(time * 1000);
}

function tick(at: Date, kind: TickMarkType, lang: Lang): string {
  switch (kind) {
    case TickMarkType.Year:
      return String(at.getUTCFullYear());
    case TickMarkType.Month:
      return month(at, lang, "UTC");
    case TickMarkType.DayOfMonth:
      return dayOfMonth(at, lang, "UTC");
    case TickMarkType.Time:
    case TickMarkType.TimeWithSeconds:
      return clock(at, lang, "UTC");
  }
}

/** The library never puts ticks closer than this: it must be far below what the price moves by. */
function leastMove(points: readonly WallPoint[]): number {
  const least = Math.min(...points.map(({ value }) => Math.abs(value)).filter((value) => value > 0));
  return Number.isFinite(least) ? 10 ** (Math.floor(Math.log10(least)) - 5) : 0.01;
}
