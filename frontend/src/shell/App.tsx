/** The frame of every view: language, header, fault banner, the view itself, footer. */

import { useEffect, useRef, useState } from "preact/hooks";
import * as paths from "../api/paths";
import type { Status } from "../api/types";
import { CoinView } from "../coin/CoinView";
import { useLive } from "../data/live";
import type { Lang } from "../format/number";
import { MarketView } from "../markets/MarketView";
import { Notice } from "../parts/Failed";
import { Link } from "../parts/Link";
import { Banner } from "./Banner";
import { isSignedOut, statusFor, systemFault } from "./fault";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { Help } from "./Help";
import { LOCALES, LocaleContext, useLocale } from "./locale";
import { useRoute } from "./navigation";
import { prefs } from "./prefs";
import { currencyOf, marketRoute, type Route } from "./route";
import { useShortcuts } from "./shortcuts";

export function App({ firstLang }: { firstLang: Lang }) {
  const [lang, setLang] = useState(firstLang);
  const [helping, setHelping] = useState(false);
  const route = useRoute();
  const status = useLive<Status>(paths.STATUS, statusFor);
  const fault = systemFault(status);
  const locale = LOCALES[lang];
  useShortcuts(() => setHelping(true));
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);

  const speak = (chosen: Lang): void => {
    prefs.setLang(chosen);
    setLang(chosen);
  };

  return (
    <LocaleContext.Provider value={locale}>
      <a class="skip" href="#content">
        {locale.words.skip}
      </a>
      <Header route={route} speak={speak} help={() => setHelping(true)} />
      {fault && <Banner fault={fault} />}
      <Main route={route} signedOut={isSignedOut(status)} />
      <Footer status={status} />
      {helping && <Help close={() => setHelping(false)} />}
    </LocaleContext.Provider>
  );
}

function Main({ route, signedOut }: { route: Route; signedOut: boolean }) {
  const main = useRef<HTMLElement>(null);
  const place = route.view === "coin" ? route.id : route.view;
  const arrived = useRef(place);
  useEffect(() => {
    if (arrived.current === place) return;
    arrived.current = place;
    main.current?.focus({ preventScroll: true }); // or the keyboard and the screen reader stay on a link that is gone
  }, [place]);
  return (
    <main id="content" ref={main} tabIndex={-1}>
      {signedOut ? <SignIn /> : <View route={route} />}
    </main>
  );
}

function View({ route }: { route: Route }) {
  const { words } = useLocale();
  useEffect(() => {
    if (route.view !== "coin") document.title = words.title;
  }, [route.view, words]);
  switch (route.view) {
    case "market":
      return <MarketView query={route.query} />;
    case "coin":
      return <CoinView key={route.id} id={route.id} range={route.range} vs={route.vs} />;
    case "unknown":
      return (
        <Notice title={words.notFound}>
          <p>{words.notFoundWhy}</p>
          <Link to={marketRoute(currencyOf(route))}>{words.toMarket}</Link>
        </Notice>
      );
  }
}

function SignIn() {
  const { words } = useLocale();
  return (
    <Notice title={words.signIn}>
      <p>{words.signInHow}</p>
    </Notice>
  );
}
