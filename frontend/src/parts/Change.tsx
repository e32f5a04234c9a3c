import { change, direction } from "../format/percent";
import { useLocale } from "../shell/locale";
import { Absent } from "./Price";

/** A change in percent: direction by arrow and sign, and only then by colour. */
export function Change({ value }: { value: number | null }) {
  const { lang } = useLocale();
  if (value === null) return <Absent />;
  return <span class={`change ${direction(value)}`}>{change(value, lang)}</span>;
}
