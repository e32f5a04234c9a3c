/** What a key press asks for. Pure, so that layouts can be tested. */

export type Command = "search" | "next" | "previous" | "theme" | "help";

export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

// By the character, with what the same keys type in a Russian layout.
const COMMANDS: Record<string, Command> = {
  "/": "search",
  j: "next",
  о: "next",
  k: "previous",
  л: "previous",
  t: "theme",
  е: "theme",
  "?": "help",
};

// The key of "/" and "?" types these in a Russian layout; elsewhere it may be a letter, so both must match.
const RUSSIAN_SLASH: Record<string, Command> = { ".": "search", ",": "help" };

export function commandOf(press: Press): Command | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const slash = press.code === "Slash" ? RUSSIAN_SLASH[press.key] : undefined;
  return slash ?? COMMANDS[press.key.toLowerCase()] ?? null;
}

/** Whether a key press there is text being written, or a choice being made. */
export function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog") !== null;
}
