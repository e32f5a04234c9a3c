/** Light, dark, or as the system: the attribute that `public/theme.js` set first, kept right afterwards. */

import { prefs, type Theme } from "./prefs";
import { useExternal } from "./external";

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let chosen = prefs.theme();

systemDark.addEventListener("change", apply);

export function useTheme(): { chosen: Theme; shown: "light" | "dark"; cycle: () => void } {
  useExternal(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => chosen,
  );
  return { chosen, shown: shown(), cycle: cycleTheme };
}

export function cycleTheme(): void {
  // From the system's theme to the other one first: a press that changes nothing would look broken.
  const order: readonly Theme[] = systemDark.matches ? ["system", "light", "dark"] : ["system", "dark", "light"];
  chosen = order[(order.indexOf(chosen) + 1) % order.length] ?? "system";
  prefs.setTheme(chosen);
  apply();
}

function shown(): "light" | "dark" {
  return chosen === "dark" || (chosen === "system" && systemDark.matches) ? "dark" : "light";
}

function apply(): void {
  document.documentElement.dataset.theme = shown();
  for (const listener of [...listeners]) listener();
}
