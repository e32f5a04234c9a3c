import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { KnownPoint } from "../api/types";
import { price, type Currency } from "../format/money";
import { moment } from "../format/time";
import { useLocale } from "../shell/locale";
import { useTheme } from "../shell/theme";
import type { Drawing } from "./draw";
import { onWallClock } from "./localTime";

interface Props {
  points: readonly KnownPoint[];
  vs: Currency;
  label: string;
  moving: boolean;
}

/**
 * The line, with a cursor for the pointer and for the keyboard. To a screen reader it is a slider over the points:
 * arrows move, Home and End go to the ends, and each point is said with its time.
 */
export function ChartCanvas({ points, vs, label, moving }: Props) {
  const { lang } = useLocale();
  const { shown } = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [at, setAt] = useState<number | null>(null); // the index of the point under the cursor
  const wall = useMemo(() => onWallClock(points), [points]);
  const times = useRef(wall);
  times.current = wall;

  useEffect(() => {
    let made: Drawing | null = null;
    let left = false;
    const start = async (): Promise<void> => {
      const { draw } = await import("./draw");
      if (left || !place.current) return;
      made = draw(place.current, (time) => setAt(indexOf(times.current, time)));
      setDrawing(made);
    };
    void start();
    return () => {
      left = true;
      made?.remove();
    };
  }, []);
  useEffect(() => drawing?.show(wall, vs, lang), [drawing, wall, vs, lang]);
  useEffect(() => drawing?.repaint(), [drawing, shown]);

  const last = wall.length - 1;
  const index = at === null ? last : Math.min(at, last);
  const here = wall[index];
  const text = here ? `${moment(new Date(here.time * 1000), lang, "UTC")} — ${price(here.value, vs, lang)}` : "";
  const onKey = (event: KeyboardEvent): void => {
    const target = steps(event.key, index, last);
    const point = target === null ? undefined : wall[target];
    if (!point) return;
    event.preventDefault();
    setAt(target);
    drawing?.point(point);
  };

  return (
    <div class={moving ? "plot moving" : "plot"}>
      <p class="reading" aria-hidden="true">
        {text}
      </p>
      <div class="canvas">
        <div class="drawing" ref={place} />
        {/* Beside the drawing, not around it: the library's own link stands in there. */}
        <div
          class="cursor"
          tabIndex={0}
          role="slider"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, last)}
          aria-valuenow={Math.max(0, index)}
          aria-valuetext={text}
          onKeyDown={onKey}
        />
      </div>
    </div>
  );
}

function steps(key: string, index: number, last: number): number | null {
  if (key === "ArrowLeft") return Math.max(0, index - 1);
  if (key === "ArrowRight") return Math.min(last, index + 1);
  if (key === "Home") return 0;
  return key === "End" ? last : null;
}

function indexOf(wall: readonly { time: number }[], time: number | null): number | null {
  const found = time === null ? -1 : wall.findIndex((point) => point.time === time);
  return found < 0 ? null : found;
}
