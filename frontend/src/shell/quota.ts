/** What the footer says of the upstream budget beside the counts themselves. */

import type { MonthWindow, Quota } from "../api/types";
import { count, type Lang } from "../format/number";
import { plural } from "../format/plural";
import { dayOfMonth } from "../format/time";
import type { Words } from "../words/en";

/** What is left and until when, when the month begins again, and what the cache has saved: each only where there is something to say. */
export function quotaNotes({ month, saved }: Quota, lang: Lang, words: Words): string[] {
  const notes = [
    month.left !== null && leftOf(month, month.left, lang, words),
    month.resets_at !== null && words.resets(dayOfMonth(new Date(month.resets_at), lang)),
    saved.total > 0 && words.sinceStart(plural(saved.total, words.saved, lang)),
  ];
  return notes.filter((note) => note !== false);
}

function leftOf(month: MonthWindow, left: number, lang: Lang, words: Words): string {
  const calls = count(left, lang);
  return month.projected_end === null ? words.left(calls) : words.leftUntil(calls, dayOfMonth(new Date(month.projected_end), lang));
}
