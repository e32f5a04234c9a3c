import type { ComponentChildren } from "preact";
import type { CoinRow } from "../api/types";
import type { Currency } from "../format/money";
import { count } from "../format/number";
import { Change } from "../parts/Change";
import { CoinImage } from "../parts/CoinImage";
import { Price } from "../parts/Price";
import { useLocale } from "../shell/locale";

interface Props {
  coin: CoinRow | null; // null while nothing at all is known
  vs: Currency;
  children?: ComponentChildren;
}

/** Name, price, and changes; children stand beside the price. It has its height before it has its words. */
export function CoinHead({ coin, vs, children }: Props) {
  const { lang, words } = useLocale();
  if (!coin) return <header class="head waiting" />;
  return (
    <header class="head">
      <h1>
        <CoinImage image={coin.image} symbol={coin.symbol} size={36} />
        <span class="name">{coin.name}</span>
        <span class="symbol">{coin.symbol.toUpperCase()}</span>
        {coin.rank !== null && (
          <span class="badge" title={words.rank}>
            <span class="sr">{words.rank} </span>#{count(coin.rank, lang)}
          </span>
        )}
      </h1>
      {children && (
        <div class="now">
          <span class="big">
            <Price value={coin.price} vs={vs} />
          </span>
          {children}
        </div>
      )}
      {children && (
        <dl class="changes">
          <div>
            <dt title={words.hourLong}>{words.hour}</dt>
            <dd>
              <Change value={coin.change_1h} />
            </dd>
          </div>
          <div>
            <dt title={words.dayLong}>{words.dayChange}</dt>
            <dd>
              <Change value={coin.change_24h} />
            </dd>
          </div>
          <div>
            <dt title={words.weekLong}>{words.week}</dt>
            <dd>
              <Change value={coin.change_7d} />
            </dd>
          </div>
        </dl>
      )}
    </header>
  );
}
