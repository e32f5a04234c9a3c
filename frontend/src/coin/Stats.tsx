import type { ComponentChildren } from "preact";
import type { Coin, Extreme } from "../api/types";
import { price, quantity, sum, type Currency } from "../format/money";
import { day } from "../format/time";
import { Change } from "../parts/Change";
import { Absent, Price } from "../parts/Price";
import { useLocale } from "../shell/locale";

export function Stats({ coin, vs }: { coin: Coin; vs: Currency }) {
  const { lang, words } = useLocale();
  const money = (value: number | null): ComponentChildren => (value === null ? <Absent /> : sum(value, vs, lang));
  const amount = (value: number | null): ComponentChildren => (value === null ? <Absent /> : quantity(value, coin.symbol, lang));
  return (
    <section class="stats" aria-label={words.statistics}>
      <h2 class="sr">{words.statistics}</h2>
      <DayRange coin={coin} vs={vs} />
      <dl>
        <Figure name={words.cap}>{money(coin.market_cap)}</Figure>
        <Figure name={words.dilutedCap}>{money(coin.fully_diluted_valuation)}</Figure>
        <Figure name={words.volume}>{money(coin.volume_24h)}</Figure>
        <Figure name={words.circulating}>{amount(coin.supply.circulating)}</Figure>
        <Figure name={words.total}>{amount(coin.supply.total)}</Figure>
        <Figure name={words.max}>{amount(coin.supply.max)}</Figure>
        <ExtremeFigure name={words.highest} extreme={coin.ath} vs={vs} />
        <ExtremeFigure name={words.lowest} extreme={coin.atl} vs={vs} />
        {coin.genesis_date && <Figure name={words.genesis}>{day(new Date(coin.genesis_date), lang, "UTC")}</Figure>}
      </dl>
    </section>
  );
}

function Figure({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function ExtremeFigure({ name, extreme, vs }: { name: string; extreme: Extreme; vs: Currency }) {
  const { lang } = useLocale();
  return (
    <Figure name={name}>
      <Price value={extreme.price} vs={vs} />
      <span class="under">
        {extreme.change_percent !== null && <Change value={extreme.change_percent} />}
        {extreme.date && <span class="muted">{day(new Date(extreme.date), lang)}</span>}
      </span>
    </Figure>
  );
}

/** Where the price stands between the day's lowest and highest. */
function DayRange({ coin: { low_24h: low, high_24h: high, price: now }, vs }: { coin: Coin; vs: Currency }) {
  const { lang, words } = useLocale();
  if (low === null || high === null || now === null || high <= low) return null;
  const share = Math.min(1, Math.max(0, (now - low) / (high - low)));
  const money = (value: number): string => price(value, vs, lang);
  return (
    <div class="day-range">
      <span class="name">{words.dayRange}</span>
      <div class="track" role="img" aria-label={words.dayRangeLabel(money(low), money(high), money(now))}>
        <span style={{ left: `${share * 100}%` }} />
      </div>
      <span class="ends" aria-hidden="true">
        <span>{money(low)}</span>
        <span>{money(high)}</span>
      </span>
    </div>
  );
}
