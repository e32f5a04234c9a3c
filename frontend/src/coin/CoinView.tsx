/** One coin: its price and age, its chart, its figures and what else is known of it. */

import { useEffect } from "preact/hooks";
import * as paths from "../api/paths";
import type { Coin, CoinRow, Coins } from "../api/types";
import { PERIOD } from "../data/freshness";
import { useHeld, useLive } from "../data/live";
import { troubleOf } from "../data/loaded";
import { recallAll } from "../data/memory";
import { price, type Currency } from "../format/money";
import { Age, observed } from "../parts/Age";
import { Failed, Notice } from "../parts/Failed";
import { Link } from "../parts/Link";
import { useLocale } from "../shell/locale";
import { marketRoute } from "../shell/route";
import { About } from "./About";
import { ChartPanel, type Asked } from "./ChartPanel";
import { CoinHead } from "./CoinHead";
import { Stats } from "./Stats";

export function CoinView({ id, range, vs }: Asked) {
  const { lang, words } = useLocale();
  const now = useLive<Coin>(paths.coin(id, vs));
  const { loaded, query } = useHeld(now, vs);
  const known = loaded.state === "ready" ? loaded.value : seenInTable(id);
  useTitle(known ? `${known.name} ${price(known.price, query, lang)}` : words.title);

  const unknown = loaded.state === "failed" && loaded.trouble.failure.kind === "absent";
  if (unknown) {
    return (
      <Notice title={words.noSuchCoin}>
        <p>{words.noSuchCoinWhy(id)}</p>
        <Link to={marketRoute(vs)}>{words.toMarket}</Link>
      </Notice>
    );
  }
  return (
    <article class="coin">
      <nav class="back">
        <Link to={marketRoute(vs)}>{`‹ ${words.market}`}</Link>
      </nav>
      {loaded.state === "ready" ? (
        <CoinHead coin={loaded.value} vs={query}>
          <Age
            observed={observed(loaded.value.observed_at, loaded.value.meta, loaded.readAt, PERIOD.price)}
            failed={troubleOf(now) !== null}
          />
        </CoinHead>
      ) : (
        <CoinHead coin={known ? { ...known, price: null } : null} vs={vs} />
      )}
      <ChartPanel id={id} range={range} vs={vs} />
      <Rest loaded={loaded} vs={query} />
    </article>
  );
}

function Rest({ loaded, vs }: { loaded: ReturnType<typeof useLive<Coin>>; vs: Currency }) {
  const { words } = useLocale();
  switch (loaded.state) {
    case "loading":
      return <div class="stats waiting" role="status" aria-label={words.loading} />;
    case "failed":
      return <Failed trouble={loaded.trouble} />;
    case "ready":
      return (
        <>
          <Stats coin={loaded.value} vs={vs} />
          <About coin={loaded.value} />
        </>
      );
  }
}

/** What the market page already knew of the coin: enough for its name and picture. Its price may be in another currency. */
function seenInTable(id: string): CoinRow | null {
  for (const { items } of recallAll<Coins>("/api/v1/coins?")) {
    const row = items.find((item) => item.id === id);
    if (row) return row;
  }
  return null;
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
