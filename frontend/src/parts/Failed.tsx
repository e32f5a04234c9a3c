/** What stands in place of something that could not be read, with nothing older to show. */

import type { ComponentChildren } from "preact";
import type { Failure } from "../api/client";
import type { Trouble } from "../data/loaded";
import { useLocale } from "../shell/locale";
import type { Words } from "../words/en";
import { Countdown } from "./Countdown";

export function Failed({ trouble }: { trouble: Trouble }) {
  const { words } = useLocale();
  const [title, why] = told(trouble.failure, words);
  return (
    <Notice title={title}>
      <p>{why}</p>
      <p class="muted">
        <Countdown to={trouble.retryAt} />
      </p>
    </Notice>
  );
}

/** A sentence in the middle of an empty place. */
export function Notice({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="notice" role="status">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

function told(failure: Failure, words: Words): [title: string, why: string] {
  switch (failure.kind) {
    case "unreachable":
      return [words.noData, words.unreachable];
    case "signed_out":
      return [words.signIn, words.signInHow];
    case "absent":
      return [words.notFound, words.notFoundWhy];
    case "refused":
      return [words.noData, failure.problem.detail || failure.problem.title];
  }
}
