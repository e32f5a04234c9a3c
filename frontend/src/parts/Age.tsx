/** The freshness chip that stands next to every number, alone or with its age in words. */

import type { Meta } from "../api/types";
import { freshness, observedHere, type Freshness } from "../data/freshness";
import { useDerived } from "../data/ticker";
import { ago, instant } from "../format/time";
import { useLocale, type Locale } from "../shell/locale";

export interface Observed {
  at: number | null; // Unix milliseconds of our clock
  meta: Meta;
  periodS: number;
}

export function observed(observedAt: string | null, meta: Meta, readAt: number, periodS: number): Observed {
  return { at: observedHere(observedAt, meta, readAt), meta, periodS };
}

export function useFreshness({ at, meta, periodS }: Observed): Freshness {
  return useDerived((now) => freshness(at === null ? null : (now - at) / 1000, periodS, meta));
}

/** The sign alone, for a cell of a table. */
export function Chip({ observed, state }: { observed: Observed; state: Freshness }) {
  const locale = useLocale();
  const label = inWords(observed, state, locale);
  return <span class={`chip ${state}`} role="img" aria-label={label} title={label} />;
}

/** The sign and how long ago, in a box whose width does not follow the words. */
export function Age({ observed, failed }: { observed: Observed; failed: boolean }) {
  const locale = useLocale();
  const state = useFreshness(observed);
  const text = useDerived((now) => (observed.at === null ? locale.words.freshness.none : ago((now - observed.at) / 1000, locale.lang)));
  const label = inWords(observed, state, locale);
  return (
    <span class={`age ${state}`} title={failed ? `${label}; ${locale.words.refreshFailed}` : label}>
      <span class={`chip ${state}`} role="img" aria-label={locale.words.freshness[state]} />
      {observed.at === null ? text : <time dateTime={new Date(observed.at).toISOString()}>{text}</time>}
      {failed && <span class="sr">; {locale.words.refreshFailed}</span>}
    </span>
  );
}

function inWords({ at, meta }: Observed, state: Freshness, { lang, words }: Locale): string {
  const what = words.freshness[state];
  return at === null ? what : `${what}, ${instant(new Date(at), lang)}, ${words.sources[meta.source]}`;
}
