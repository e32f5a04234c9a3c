/** The language of the page, and how the views get at its words. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Lang } from "../format/number";
import { en, type Words } from "../words/en";
import { ru } from "../words/ru";

export interface Locale {
  lang: Lang;
  words: Words;
}

export const LOCALES: Record<Lang, Locale> = { en: { lang: "en", words: en }, ru: { lang: "ru", words: ru } };

export const LocaleContext = createContext<Locale>(LOCALES.en);

export function useLocale(): Locale {
  return useContext(LocaleContext);
}

/** The reader's choice, else the first of the browser's languages that we speak, else the server's. */
export function chooseLang(stored: Lang | null, spoken: readonly string[], server: Lang): Lang {
  if (stored) return stored;
  for (const tag of spoken) {
    const language = tag.split("-")[0];
    if (language === "ru" || language === "en") return language;
  }
  return server;
}
