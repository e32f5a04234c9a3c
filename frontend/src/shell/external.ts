/** A value that lives outside the components (the address, the theme), read by them and followed. */

import { useLayoutEffect, useState } from "preact/hooks";

export function useExternal<T>(subscribe: (changed: () => void) => () => void, snapshot: () => T): T {
  const [, render] = useState(0);
  const current = snapshot();
  useLayoutEffect(() => subscribe(() => render((turn) => turn + 1)), []);
  return current;
}
