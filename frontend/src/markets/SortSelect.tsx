import { useLocale } from "../shell/locale";
import { COLUMNS, type MarketQuery } from "../shell/route";
import { headers, sortBy } from "./CoinTable";

/** The order of the cards on a narrow screen, where the table has no headers to click. */
export function SortSelect({ query }: { query: MarketQuery }) {
  const { words } = useLocale();
  const { by, down } = query.sort;
  const way = down ? words.descending : words.ascending;
  return (
    <div class="sort narrow-only">
      <select
        class="quiet"
        aria-label={words.sortBy}
        value={by}
        onChange={(event) => {
          const chosen = COLUMNS.find((column) => column === event.currentTarget.value);
          if (chosen) sortBy(query, { by: chosen, down: chosen !== "id" });
        }}
      >
        {headers(words).map((header) => (
          <option key={header.by} value={header.by}>
            {header.name}
          </option>
        ))}
      </select>
      <button type="button" class="quiet" title={way} aria-label={way} onClick={() => sortBy(query, { by, down: !down })}>
        {down ? "↓" : "↑"}
      </button>
    </div>
  );
}
