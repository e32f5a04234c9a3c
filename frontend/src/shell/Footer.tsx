import type { Status, Window } from "../api/types";
import type { Loaded } from "../data/loaded";
import { count } from "../format/number";
import { OutLink } from "../parts/Link";
import { useLocale } from "./locale";
import { quotaNotes } from "./quota";

export function Footer({ status }: { status: Loaded<Status> }) {
  const { words } = useLocale();
  return (
    <footer class="foot">
      {status.state === "ready" && <Quota status={status.value} />}
      {status.state === "ready" && <Tiers tiers={status.value.tiers} />}
      <ul class="credits">
        <li>
          <OutLink href="https://www.coingecko.com/">{words.dataBy}</OutLink>
        </li>
        <li>
          <OutLink href="https://www.tradingview.com/">{words.chartBy}</OutLink>
        </li>
        <li>
          <a href="/docs">{words.apiDocs}</a>
        </li>
        <li>
          <a href="/static/licenses.txt">{words.licences}</a>
        </li>
        {status.state === "ready" && <li class="muted">Dozor {status.value.version}</li>}
      </ul>
    </footer>
  );
}

function Quota({ status }: { status: Status }) {
  const { lang, words } = useLocale();
  const { minute, month } = status.quota;
  return (
    <div class="quota">
      <span class="heading">{words.quota}</span>
      <dl>
        <Used window={minute} name={words.perMinute} />
        <Used window={month} name={words.perMonth} />
      </dl>
      {quotaNotes(status.quota, lang, words).map((note) => (
        <span class="muted">{note}</span>
      ))}
    </div>
  );
}

function Tiers({ tiers }: { tiers: Status["tiers"] }) {
  const { words } = useLocale();
  const named = (["memory", "redis", "disk"] as const).filter((name) => tiers[name] !== "off");
  return (
    <p class="muted">
      {words.cachedIn}: {named.map((name) => (tiers[name] === "up" ? words.tier[name] : words.tierDown(words.tier[name]))).join(", ")}
    </p>
  );
}

function Used({ window: { used, limit }, name }: { window: Window; name: string }) {
  const { lang, words } = useLocale();
  const spent = limit === null || limit === 0 ? 0 : Math.min(1, used / limit);
  return (
    <div class="used">
      <dt>{name}</dt>
      <dd>{limit === null ? words.unlimited(count(used, lang)) : words.usedOf(count(used, lang), count(limit, lang))}</dd>
      {limit !== null && (
        <svg class={spent >= 0.9 ? "meter full" : "meter"} viewBox="0 0 48 4" width="48" height="4" aria-hidden="true">
          <rect width="48" height="4" rx="2" />
          {used > 0 && <rect class="spent" width={Math.max(4, 48 * spent)} height="4" rx="2" />}
        </svg>
      )}
    </div>
  );
}
