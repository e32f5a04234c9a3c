import type { Range } from "../api/paths";
import type { KnownPoint } from "../api/types";
import { price, type Currency } from "../format/money";
import { day, moment } from "../format/time";
import { useLocale } from "../shell/locale";

interface Props {
  points: readonly KnownPoint[];
  range: Range;
  vs: Currency;
}

/** The chart's points, newest first. */
export function ChartTable({ points, range, vs }: Props) {
  const { lang, words } = useLocale();
  const when = range === "1y" ? day : moment;
  return (
    <div class="plot points" tabIndex={0} role="region" aria-label={words.chart}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            <th scope="col">{words.price}</th>
          </tr>
        </thead>
        <tbody>
          {[...points].reverse().map(([at, value]) => (
            <tr key={at}>
              <th scope="row">{when(new Date(at), lang)}</th>
              <td>{price(value, vs, lang)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
