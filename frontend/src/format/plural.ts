/** The form of a noun that goes with a number: 1 coin, 2 coins; 1 монета, 2 монеты, 5 монет. */

import { NBSP, fixed, type Lang } from "./number";

export type Forms = { one: string; few?: string; many?: string; other: string };

const RULES = { en: new Intl.PluralRules("en"), ru: new Intl.PluralRules("ru") };

/** `amount` with its noun; a form that a language does not use falls back to `other`. */
export function plural(amount: number, forms: Forms, lang: Lang): string {
  const rule = RULES[lang].select(amount);
  const noun = rule === "one" ? forms.one : rule === "few" ? forms.few : rule === "many" ? forms.many : undefined;
  return `${fixed(amount, lang, 0)}${NBSP}${noun ?? forms.other}`;
}
