import { useMemo } from "preact/hooks";
import type { Coins } from "../api/types";
import { useLocale } from "../shell/locale";
import { adjust } from "../shell/navigation";
import type { Column, MarketQuery, Sort } from "../shell/route";
import type { Words } from "../words/en";
import { CoinTableRow } from "./CoinTableRow";
import { sorted, toggled } from "./sort";

interface Props {
  coins: Coins;
  readAt: number;
  query: MarketQuery;
  moving: boolean;
  caption: string;
}

/**
 * The table itself. Its roles are spelled out because narrow screens lay its rows out as cards, and a browser may
 * take an element whose `display` is not a table's for no table at all.
 */
export function CoinTable({ coins, readAt, query, moving, caption }: Props) {
  const { words } = useLocale();
  const rows = useMemo(() => sorted(coins.items, query.sort), [coins, query.sort.by, query.sort.down]);
  return (
    <table class="coins" role="table" aria-busy={moving}>
      <caption class="sr">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th class="rank" role="columnheader" scope="col">
            <abbr title={words.rank}>#</abbr>
          </th>
          {headers(words).map((header) => (
            <SortHeader key={header.by} {...header} query={query} />
          ))}
          <th class="line" role="columnheader" scope="col">
            {words.line}
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <CoinTableRow key={row.id} row={row} meta={coins.meta} readAt={readAt} vs={query.vs} />
        ))}
      </tbody>
    </table>
  );
}

export interface HeaderOf {
  by: Column;
  name: string;
  long?: string;
}

export function headers(words: Words): HeaderOf[] {
  return [
    { by: "id", name: words.coin },
    { by: "price", name: words.price },
    { by: "change_1h", name: words.hour, long: words.hourLong },
    { by: "change_24h", name: words.dayChange, long: words.dayLong },
    { by: "change_7d", name: words.week, long: words.weekLong },
    { by: "volume", name: words.volume },
    { by: "market_cap", name: words.cap },
  ];
}

function SortHeader({ by, name, long, query }: HeaderOf & { query: MarketQuery }) {
  const active = query.sort.by === by;
  return (
    <th class={by} role="columnheader" scope="col" aria-sort={active ? (query.sort.down ? "descending" : "ascending") : "none"}>
      <button type="button" title={long} onClick={() => sortBy(query, toggled(query.sort, by))}>
        {name}
      </button>
    </th>
  );
}

/** Sorting starts at the first page: the third page of another order is nobody's wish. */
export function sortBy(query: MarketQuery, sort: Sort): void {
  adjust({ view: "market", query: { ...query, sort, page: 1 } });
}
