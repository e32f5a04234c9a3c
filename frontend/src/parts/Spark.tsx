import { direction } from "../format/percent";
import { tablePrice, type Currency } from "../format/money";
import { useLocale } from "../shell/locale";
import { Absent } from "./Price";
import { sparkPath } from "./sparkPath";

const WIDTH = 112;
const HEIGHT = 30;

interface Props {
  values: (number | null)[] | null;
  change: number | null;
  vs: Currency;
}

/** Seven days as a line, and in words for who cannot see it. */
export function Spark({ values, change, vs }: Props) {
  const { lang, words } = useLocale();
  const known = (values ?? []).filter((value) => value !== null);
  const path = sparkPath(known, WIDTH, HEIGHT - 4);
  if (!path) return <Absent />;
  const label = words.lineLabel(tablePrice(Math.min(...known), vs, lang), tablePrice(Math.max(...known), vs, lang));
  return (
    <svg class={`spark ${direction(change)}`} viewBox={`0 -2 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}
