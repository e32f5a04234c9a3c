import { count } from "../format/number";
import { Link } from "../parts/Link";
import { useLocale } from "../shell/locale";
import { adjust } from "../shell/navigation";
import { SIZES, type MarketQuery, type Route } from "../shell/route";

/** To the neighbouring pages; how many there are nobody knows, so a page that is not full is the last. */
export function Pager({ query, last }: { query: MarketQuery; last: boolean }) {
  const { lang, words } = useLocale();
  const to = (page: number): Route => ({ view: "market", query: { ...query, page } });
  return (
    <nav class="pager" aria-label={words.pages}>
      <label class="rows">
        <span class="muted">{words.perPage}</span>
        <select
          class="quiet"
          value={query.size}
          onChange={(event) => {
            const size = SIZES.find((each) => String(each) === event.currentTarget.value);
            if (size) adjust({ view: "market", query: { ...query, size, page: 1 } });
          }}
        >
          {SIZES.map((size) => (
            <option key={size} value={size}>
              {size}
            </option>
          ))}
        </select>
      </label>
      <span class="turn">
        {query.page > 1 ? <Link to={to(query.page - 1)} class="solid">{`‹ ${words.previous}`}</Link> : null}
        <span class="muted">{words.page(count(query.page, lang))}</span>
        {last ? null : <Link to={to(query.page + 1)} class="solid">{`${words.next} ›`}</Link>}
      </span>
    </nav>
  );
}
