/** The address bar as state: moving between views without loading the page again. */

import { useExternal } from "./external";
import { addressOf, routeOf, type Route } from "./route";
import { prefs } from "./prefs";

const listeners = new Set<() => void>();

export function useRoute(): Route {
  const href = useExternal(subscribe, () => location.href);
  return routeOf(new URL(href), prefs.vs());
}

/** Moves to a view, as a link does. */
export function go(route: Route): void {
  history.pushState(null, "", address(route));
  scrollTo(0, 0);
  changed();
}

/** Shows the same place otherwise (sorted, in another range): no new entry to go back through. */
export function adjust(route: Route): void {
  history.replaceState(history.state, "", address(route));
  changed();
}

export function address(route: Route): string {
  return addressOf(route, prefs.vs());
}

function changed(): void {
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}
