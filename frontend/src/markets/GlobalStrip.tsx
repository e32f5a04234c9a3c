import * as paths from "../api/paths";
import type { Global } from "../api/types";
import { PERIOD } from "../data/freshness";
import { useHeld, useLive } from "../data/live";
import { troubleOf } from "../data/loaded";
import { sum, type Currency } from "../format/money";
import { count } from "../format/number";
import { share } from "../format/percent";
import { Age, observed } from "../parts/Age";
import { Change } from "../parts/Change";
import { useLocale } from "../shell/locale";

/** The whole market in one line. It keeps its place while there is nothing to say. */
export function GlobalStrip({ vs }: { vs: Currency }) {
  const now = useLive<Global>(paths.global(vs));
  const { loaded, query } = useHeld(now, vs);
  switch (loaded.state) {
    case "loading":
    case "failed": // the table below says why
      return <div class="global" />;
    case "ready":
      return <Figures global={loaded.value} readAt={loaded.readAt} vs={query} failed={troubleOf(now) !== null} />;
  }
}

function Figures({ global, readAt, vs, failed }: { global: Global; readAt: number; vs: Currency; failed: boolean }) {
  const { lang, words } = useLocale();
  return (
    <dl class="global">
      <div>
        <dt>{words.totalCap}</dt>
        <dd>
          {sum(global.market_cap, vs, lang)} <Change value={global.market_cap_change_24h} />
        </dd>
      </div>
      <div class="total-volume">
        <dt>{words.totalVolume}</dt>
        <dd>{sum(global.volume_24h, vs, lang)}</dd>
      </div>
      <div>
        <dt>{words.dominance}</dt>
        <dd>
          BTC {share(global.dominance.btc, lang)} <span class="faint">·</span> ETH {share(global.dominance.eth, lang)}
        </dd>
      </div>
      <div class="coins-count">
        <dt>{words.coins}</dt>
        <dd>{count(global.coins, lang)}</dd>
      </div>
      <div class="when">
        <dt class="sr">{words.updated}</dt>
        <dd>
          <Age observed={observed(global.observed_at, global.meta, readAt, PERIOD.global)} failed={failed} />
        </dd>
      </div>
    </dl>
  );
}
