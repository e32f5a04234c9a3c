/** Acts on single keys, anywhere but where one writes, unless the reader switched them off (WCAG 2.1.4). */

import { useEffect } from "preact/hooks";
import { commandOf, isWriting, type Command } from "./keys";
import { prefs } from "./prefs";
import { cycleTheme } from "./theme";

/** The id of the search box, and what j and k step through. */
export const SEARCH_ID = "search";
export const STEP_CLASS = "step";

export function useShortcuts(help: () => void): void {
  useEffect(() => {
    const act = (event: KeyboardEvent): void => {
      const command = isWriting(event.target) || !prefs.singleKeys() ? null : commandOf(event);
      if (!command) return;
      event.preventDefault();
      obey(command, help);
    };
    addEventListener("keydown", act);
    return () => removeEventListener("keydown", act);
  }, []);
}

function obey(command: Command, help: () => void): void {
  switch (command) {
    case "search":
      return document.getElementById(SEARCH_ID)?.focus();
    case "next":
      return step(1);
    case "previous":
      return step(-1);
    case "theme":
      return cycleTheme();
    case "help":
      return help();
  }
}

/** Moves the focus itself, so that Enter opens and the reader's place survives everything. */
function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>(`a.${STEP_CLASS}`)];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = at < 0 && by < 0 ? links.at(-1) : links[at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
