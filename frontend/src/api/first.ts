/** The first screen's data, which the server wrote into the HTML so that the table needs no second round trip. */

import type { Lang } from "../format/number";
import * as paths from "./paths";
import type { Coins, Global, Status } from "./types";

interface First {
  coins: Coins | null;
  global: Global | null;
  status: Status | null;
  lang: Lang;
}

/** What to remember from the start, by path. Nothing on the way back in history: that HTML may be hours old. */
export function firstAnswers(document: Document, arrivedBy: string | undefined): Map<string, unknown> {
  const first = arrivedBy === "back_forward" ? null : parsed(document);
  const answers: [string, unknown][] = [
    [paths.coins("usd", 1, 100, "market_cap_desc"), first?.coins],
    [paths.global("usd"), first?.global],
    [paths.STATUS, first?.status],
  ];
  return new Map(answers.filter(([, answer]) => answer));
}

/** The language the server would choose, for a browser that speaks neither of ours. */
export function serverLang(document: Document): Lang {
  return parsed(document)?.lang === "ru" ? "ru" : "en";
}

function parsed(document: Document): First | null {
  const text = document.getElementById("dozor-first")?.textContent;
  try {
    return text ? (JSON.parse(text) as First) : null;
  } catch {
    return null; // the page can ask for it again
  }
}
