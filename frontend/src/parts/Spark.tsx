import { direction } from "../format/percent";
import { tablePrice, type Currency } from "../format/money";
import { useLocale } from "../shell/locale";
import { Absent } from "./Price";
import { sparkPath } from "./sparkPath";

const WIDTH = 112;
const HEIGHT = 30;

interface Props {
  values: number[] | null;
  change: number | null;
  vs: Currency;
}

/** Seven days as a line, and in words for who cannot see it. */
export function Spark({ values, change, vs }: Props) {
  const { lang, words } = useLocale();
  const path = values && sparkPath(values, WIDTH, HEIGHT - 4);
  if (!values || !path) return <Absent />;
  const label = words.lineLabel(tablePrice(Math.min(...values), vs, lang), tablePrice(Math.max(...values), vs, lang));
  return (
    <svg class={`spark ${direction(change)}`} viewBox={`0 -2 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}
