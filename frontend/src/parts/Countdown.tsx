import { useDerived } from "../data/ticker";
import { span } from "../format/time";
import { useLocale } from "../shell/locale";

/** `next try in 40 s`, and when that is over `trying now`. */
export function Countdown({ to }: { to: number }) {
  const { lang, words } = useLocale();
  const text = useDerived((now) => (to > now ? words.nextTry(span(Math.ceil((to - now) / 1000), lang)) : words.tryingNow));
  return <>{text}</>;
}
