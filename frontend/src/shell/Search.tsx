/** Search as one types: a combobox whose list opens coins. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { read } from "../api/client";
import * as paths from "../api/paths";
import type { Found, FoundCoin } from "../api/types";
import { plural } from "../format/plural";
import type { Currency } from "../format/money";
import { count } from "../format/number";
import { CoinImage } from "../parts/CoinImage";
import { useLocale } from "./locale";
import { address, go } from "./navigation";
import { coinRoute } from "./route";
import { SEARCH_ID } from "./shortcuts";

type Results = { state: "none" } | { state: "ready"; text: string; items: FoundCoin[] } | { state: "failed" };

const PAUSE_MS = 150;
const MOST_SHOWN = 12;

export function Search({ vs }: { vs: Currency }) {
  const { words } = useLocale();
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const [hasty, setHasty] = useState(false); // Enter came before the answer: open the first that is found
  const asked = text.trim();
  const results = useResults(asked);
  const box = useRef<HTMLInputElement>(null);
  const list = useId();
  const items = results.state === "ready" ? results.items : [];
  const answered = results.state !== "ready" || results.text === asked;
  const shown = open && results.state !== "none";

  const leave = (): void => {
    setOpen(false);
    setText("");
    setHasty(false);
    box.current?.blur();
  };
  const choose = (id: string): void => {
    leave();
    go(coinRoute(id, vs));
  };
  const onKey = (event: KeyboardEvent): void => {
    const chosen = answered ? items[at] : undefined;
    if (event.key === "Escape") leave();
    else if (event.key === "ArrowDown") setAt(Math.min(at + 1, items.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && chosen) choose(chosen.id);
    else if (event.key === "Enter" && asked) setHasty(true);
    else return;
    event.preventDefault();
  };

  useEffect(() => {
    const [first] = items;
    if (hasty && answered && first) choose(first.id);
  }, [results]);

  return (
    <div class="search" role="search">
      <input
        id={SEARCH_ID}
        ref={box}
        type="text"
        enterKeyHint="search"
        autoComplete="off"
        spellcheck={false}
        placeholder={words.searchHint}
        aria-label={words.searchHint}
        role="combobox"
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && items[at] ? `${list}-${at}` : undefined}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
          setHasty(false);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKey}
      />
      <kbd class="keyboard-only" aria-hidden="true">
        /
      </kbd>
      <ul id={list} role="listbox" aria-label={words.search} hidden={!shown}>
        {items.map((item, index) => (
          <li key={item.id} id={`${list}-${index}`} role="option" aria-selected={index === at}>
            {/* Pressing must not take the focus from the box: the list would close before the click. */}
            <a
              href={address(coinRoute(item.id, vs))}
              tabIndex={-1}
              onMouseDown={(event) => event.preventDefault()}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                choose(item.id);
              }}
            >
              <FoundName item={item} />
            </a>
          </li>
        ))}
        <Remark results={results} />
      </ul>
      <Announcement results={results} shown={shown} />
    </div>
  );
}

function FoundName({ item }: { item: FoundCoin }) {
  const { lang } = useLocale();
  return (
    <>
      <CoinImage image={item.image} symbol={item.symbol} size={20} />
      <span class="name">{item.name}</span>
      <span class="symbol">{item.symbol.toUpperCase()}</span>
      {item.rank !== null && <span class="place">{count(item.rank, lang)}</span>}
    </>
  );
}

function Remark({ results }: { results: Results }) {
  const { words } = useLocale();
  switch (results.state) {
    case "none":
      return null;
    case "failed":
      return <li class="remark">{words.searchFailed}</li>;
    case "ready":
      return results.items.length === 0 ? <li class="remark">{words.nothingFound(results.text)}</li> : null;
  }
}

function Announcement({ results, shown }: { results: Results; shown: boolean }) {
  const { lang, words } = useLocale();
  const said = shown && results.state === "ready" ? plural(results.items.length, words.found, lang) : "";
  return (
    <span class="sr" role="status">
      {said}
    </span>
  );
}

/** What was found for the last text that was asked; it stays until the next answer is there. */
function useResults(text: string): Results {
  const [results, setResults] = useState<Results>({ state: "none" });
  useEffect(() => {
    if (text === "") return setResults({ state: "none" });
    const asking = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const reply = await read<Found>(paths.search(text), asking.signal);
        setResults(reply.ok ? { state: "ready", text, items: reply.value.items.slice(0, MOST_SHOWN) } : { state: "failed" });
      } catch (error) {
        if (!asking.signal.aborted) throw error;
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [text]);
  return results;
}
