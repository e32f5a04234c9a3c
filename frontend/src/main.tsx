import { render } from "preact";
import { firstAnswers, serverLang } from "./api/first";
import { remember } from "./data/memory";
import { App } from "./shell/App";
import { chooseLang } from "./shell/locale";
import { prefs } from "./shell/prefs";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/market.css";
import "./styles/coin.css";

const [arrival] = performance.getEntriesByType("navigation");
const arrivedBy = arrival instanceof PerformanceNavigationTiming ? arrival.type : undefined;
for (const [path, answer] of firstAnswers(document, arrivedBy)) remember(path, answer, Date.now());

const root = document.getElementById("dozor");
if (root) render(<App firstLang={chooseLang(prefs.lang(), navigator.languages, serverLang(document))} />, root);
