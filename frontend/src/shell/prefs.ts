/** What the reader chose, kept by the browser. A browser that keeps nothing still shows the page. */

import { CURRENCIES, type Currency } from "../format/money";
import type { Lang } from "../format/number";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** What `public/theme.js` reads too, before the first paint. */
const KEY = { theme: "dozor.theme", lang: "dozor.lang", vs: "dozor.vs", singleKeys: "dozor.keys" } as const;

export const prefs = {
  theme: (): Theme => THEMES.find((theme) => theme === get(KEY.theme)) ?? "system",
  lang: (): Lang | null => (["en", "ru"] as const).find((lang) => lang === get(KEY.lang)) ?? null,
  vs: (): Currency => CURRENCIES.find((vs) => vs === get(KEY.vs)) ?? "usd",
  singleKeys: (): boolean => get(KEY.singleKeys) !== "off",

  setTheme: (theme: Theme): void => set(KEY.theme, theme),
  setLang: (lang: Lang): void => set(KEY.lang, lang),
  setVs: (vs: Currency): void => set(KEY.vs, vs),
  setSingleKeys: (on: boolean): void => set(KEY.singleKeys, on ? "on" : "off"),
};

function get(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is forbidden
  }
}

function set(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // the choice holds until the page is left
  }
}
