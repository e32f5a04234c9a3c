import { clock } from "../format/time";
import { Countdown } from "../parts/Countdown";
import type { Words } from "../words/en";
import type { SystemFault } from "./fault";
import { useLocale } from "./locale";

/** What is wrong with everything, in one sentence: cause, next try, and how old what is shown may be. */
export function Banner({ fault }: { fault: SystemFault }) {
  const { lang, words } = useLocale();
  return (
    <div class={`banner ${fault.cause}`} role="status">
      <p>
        <strong>{cause(fault.cause, words)}</strong>
        {fault.retryAt !== null && (
          <>
            {"; "}
            <Countdown to={fault.retryAt} />
          </>
        )}
        {fault.lastSuccessAt !== null && `; ${words.showingOf(clock(new Date(fault.lastSuccessAt), lang))}`}
      </p>
    </div>
  );
}

function cause(cause: SystemFault["cause"], words: Words): string {
  switch (cause) {
    case "limited":
      return words.limited;
    case "failing":
      return words.failing;
    case "key_rejected":
      return words.keyRejected;
    case "unreachable":
      return words.unreachable;
  }
}
