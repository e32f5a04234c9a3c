/** The last answers by path, so that going back is instant. Bounded: the oldest go first. */

const MOST = 60;

export interface Known {
  value: unknown;
  readAt: number;
}

const answers = new Map<string, Known>();

export function remember(path: string, value: unknown, readAt: number): void {
  answers.delete(path); // a Map keeps the order of insertion
  answers.set(path, { value, readAt });
  const oldest = answers.keys().next();
  if (answers.size > MOST && !oldest.done) answers.delete(oldest.value);
}

/** The caller names the type: a path has one kind of answer. */
export function recall<T>(path: string): { value: T; readAt: number } | null {
  return (answers.get(path) as { value: T; readAt: number } | undefined) ?? null;
}

/** All remembered answers whose path starts so, newest first. */
export function recallAll<T>(start: string): T[] {
  return [...answers].filter(([path]) => path.startsWith(start)).map(([, known]) => known.value as T).reverse();
}
