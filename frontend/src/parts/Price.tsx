import { price, spelledOut, tablePrice, type Currency } from "../format/money";
import { ABSENT } from "../format/number";
import { useLocale } from "../shell/locale";

interface Props {
  value: number | null;
  vs: Currency;
  narrow?: boolean;
}

/** A price; where its zeros are shortened to a subscript, the whole number is said and shown on pointing. */
export function Price({ value, vs, narrow }: Props) {
  const { lang } = useLocale();
  const text = (narrow ? tablePrice : price)(value, vs, lang);
  const whole = spelledOut(value, lang);
  if (value === null) return <Absent />;
  if (whole === null) return <>{text}</>;
  return (
    <span title={whole}>
      <span aria-hidden="true">{text}</span>
      <span class="sr">
        {whole} {vs.toUpperCase()}
      </span>
    </span>
  );
}

/** A number that is not there: never a zero. */
export function Absent() {
  const { words } = useLocale();
  return (
    <>
      <span aria-hidden="true" class="absent">
        {ABSENT}
      </span>
      <span class="sr">{words.absent}</span>
    </>
  );
}
