/** Light, dark, or as the system: the attribute that `public/theme.js` set first, kept right afterwards. */

import { prefs, THEMES, type Theme } from "./prefs";
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
  chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length] ?? "system";
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
