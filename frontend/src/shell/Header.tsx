import { CURRENCIES } from "../format/money";
import type { Lang } from "../format/number";
import { Link } from "../parts/Link";
import { useLocale } from "./locale";
import { Logo } from "./Logo";
import { adjust } from "./navigation";
import { prefs } from "./prefs";
import { currencyOf, inCurrency, marketRoute, type Route } from "./route";
import { Search } from "./Search";
import { useTheme } from "./theme";

interface Props {
  route: Route;
  speak: (lang: Lang) => void;
  help: () => void;
}

export function Header({ route, speak, help }: Props) {
  const { lang, words } = useLocale();
  const vs = currencyOf(route);
  const other: Lang = lang === "en" ? "ru" : "en";
  return (
    <header class="bar">
      <Link to={marketRoute(vs)} class="brand" label={words.home}>
        <Logo />
        <span aria-hidden="true">{lang === "ru" ? "Дозор" : "Dozor"}</span>
      </Link>
      <Search vs={vs} />
      <div class="switches">
        <CurrencySwitch route={route} />
        <button type="button" class="quiet" lang={other} title={words.otherLanguage} onClick={() => speak(other)}>
          <span aria-hidden="true">{other.toUpperCase()}</span>
          <span class="sr">{words.otherLanguage}</span>
        </button>
        <ThemeSwitch />
        <button type="button" class="quiet keyboard-only" title={words.help} aria-label={words.help} onClick={help}>
          ?
        </button>
      </div>
    </header>
  );
}

function CurrencySwitch({ route }: { route: Route }) {
  const { words } = useLocale();
  const choose = (chosen: string): void => {
    const vs = CURRENCIES.find((each) => each === chosen);
    if (!vs) return;
    prefs.setVs(vs);
    adjust(inCurrency(route, vs));
  };
  return (
    <select class="quiet" aria-label={words.currency} value={currencyOf(route)} onChange={(event) => choose(event.currentTarget.value)}>
      {CURRENCIES.map((vs) => (
        <option key={vs} value={vs}>
          {vs.toUpperCase()}
        </option>
      ))}
    </select>
  );
}

const ICONS = {
  system: "M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16ZM12 4v16M14.5 4.5v15M17 6v12",
  light: "M12 7.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
} as const;

function ThemeSwitch() {
  const { words } = useLocale();
  const { chosen, cycle } = useTheme();
  const label = `${words.theme}: ${words.themes[chosen]}`;
  return (
    <button type="button" class="quiet" title={label} aria-label={label} onClick={cycle}>
      <svg class="icon" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
        <path d={ICONS[chosen]} />
      </svg>
    </button>
  );
}
