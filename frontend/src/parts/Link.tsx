import type { ComponentChildren } from "preact";
import { address, go } from "../shell/navigation";
import type { Route } from "../shell/route";

interface Props {
  to: Route;
  class?: string;
  label?: string;
  current?: boolean;
  children: ComponentChildren;
}

/** A link inside the page: a real one, so that it can be opened in a new tab, followed without loading anew. */
export function Link({ to, class: className, label, current, children }: Props) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={address(to)} class={className} aria-label={label} aria-current={current ? "page" : undefined} onClick={follow}>
      {children}
    </a>
  );
}

/** A link to somewhere else, which learns nothing about where the reader came from. */
export function OutLink({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
