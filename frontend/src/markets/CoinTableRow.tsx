import type { CoinRow, Meta } from "../api/types";
import { PERIOD } from "../data/freshness";
import { sum, type Currency } from "../format/money";
import { count } from "../format/number";
import { Chip, observed, useFreshness } from "../parts/Age";
import { Change } from "../parts/Change";
import { CoinImage } from "../parts/CoinImage";
import { Link } from "../parts/Link";
import { Absent, Price } from "../parts/Price";
import { Spark } from "../parts/Spark";
import { useLocale } from "../shell/locale";
import { coinRoute } from "../shell/route";
import { STEP_CLASS } from "../shell/shortcuts";

interface Props {
  row: CoinRow;
  meta: Meta;
  readAt: number;
  vs: Currency;
}

export function CoinTableRow({ row, meta, readAt, vs }: Props) {
  const { lang } = useLocale();
  const seen = observed(row.price === null ? null : row.observed_at, meta, readAt, PERIOD.price);
  const state = useFreshness(seen);
  return (
    <tr role="row" class={state}>
      <td class="rank" role="cell">
        {row.rank === null ? <Absent /> : count(row.rank, lang)}
      </td>
      <th class="id" role="rowheader" scope="row">
        <Link to={coinRoute(row.id, vs)} class={STEP_CLASS}>
          <CoinImage image={row.image} symbol={row.symbol} size={24} />
          <span class="name">{row.name}</span>
          <span class="symbol">{row.symbol.toUpperCase()}</span>
          <span class="also" aria-hidden="true">
            {row.symbol.toUpperCase()} · {sum(row.market_cap, vs, lang)}
          </span>
        </Link>
      </th>
      <td class="price" role="cell">
        <Price value={row.price} vs={vs} narrow />
        <Chip observed={seen} state={state} />
      </td>
      <td class="change_1h" role="cell">
        <Change value={row.change_1h} />
      </td>
      <td class="change_24h" role="cell">
        <Change value={row.change_24h} />
      </td>
      <td class="change_7d" role="cell">
        <Change value={row.change_7d} />
      </td>
      <td class="volume" role="cell">
        <Sum value={row.volume_24h} vs={vs} />
      </td>
      <td class="market_cap" role="cell">
        <Sum value={row.market_cap} vs={vs} />
      </td>
      <td class="line" role="cell">
        <Spark values={row.sparkline_7d} change={row.change_7d} vs={vs} />
      </td>
    </tr>
  );
}

function Sum({ value, vs }: { value: number | null; vs: Currency }) {
  const { lang } = useLocale();
  return value === null ? <Absent /> : <>{sum(value, vs, lang)}</>;
}
