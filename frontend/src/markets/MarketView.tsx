/** The market: what it is worth as a whole, and its coins page by page. */

import * as paths from "../api/paths";
import type { Coins } from "../api/types";
import { useHeld, useLive } from "../data/live";
import { troubleOf } from "../data/loaded";
import { PERIOD } from "../data/freshness";
import { count } from "../format/number";
import { Age, observed } from "../parts/Age";
import { Failed, Notice } from "../parts/Failed";
import { Link } from "../parts/Link";
import { useLocale } from "../shell/locale";
import { orderOf, type MarketQuery } from "../shell/route";
import { CoinTable } from "./CoinTable";
import { GlobalStrip } from "./GlobalStrip";
import { Pager } from "./Pager";
import { isWholeMarket } from "./sort";
import { SortSelect } from "./SortSelect";

export function MarketView({ query }: { query: MarketQuery }) {
  const { lang, words } = useLocale();
  const now = useLive<Coins>(paths.coins(query.vs, query.page, query.size, orderOf(query.sort)));
  const held = useHeld(now, query);
  return (
    <>
      <h1 class="sr">{words.market}</h1>
      <GlobalStrip vs={query.vs} />
      <div class="tools">
        {held.loaded.state === "ready" && (
          <span class="updated">
            <span class="muted label">{words.updated}</span>
            <Age
              observed={observed(held.loaded.value.meta.observed_at, held.loaded.value.meta, held.loaded.readAt, PERIOD.price)}
              failed={troubleOf(now) !== null}
            />
          </span>
        )}
        {!isWholeMarket(query.sort) && <p class="muted remark">{words.sortedHere}</p>}
        <SortSelect query={query} />
      </div>
      <Body {...held} caption={words.caption(count(held.query.page, lang))} />
      <Pager query={query} last={held.loaded.state === "ready" && held.loaded.value.items.length < held.query.size} />
    </>
  );
}

function Body({ loaded, query, moving, caption }: ReturnType<typeof useHeld<Coins, MarketQuery>> & { caption: string }) {
  const { words } = useLocale();
  switch (loaded.state) {
    case "loading":
      return <Skeleton rows={query.size} />;
    case "failed":
      return <Failed trouble={loaded.trouble} />;
    case "ready":
      if (loaded.value.items.length > 0) {
        return <CoinTable coins={loaded.value} readAt={loaded.readAt} query={query} moving={moving} caption={caption} />;
      }
      return (
        <Notice title={query.page > 1 ? words.noCoins : words.noData}>
          {query.page > 1 && <p>{words.noCoinsWhy}</p>}
          {query.page > 1 && <Link to={{ view: "market", query: { ...query, page: 1 } }}>{words.firstPage}</Link>}
        </Notice>
      );
  }
}

/** Empty rows in the place of those that come, so that they push nothing away. */
function Skeleton({ rows }: { rows: number }) {
  const { words } = useLocale();
  return <div class="skeleton" role="status" aria-label={words.loading} style={{ "--rows": String(rows) }} />;
}
