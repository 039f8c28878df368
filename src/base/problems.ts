/** One thing that is wrong with an input: where (a path such as `steps[2].timeout`), what, and how to mend it. */
export interface Problem {
  /** Where, such as `steps.load.poll.min`. */
  path: string;
  /** What is wrong, and how to mend it. */
  message: string;
}

/** What a parser gives back: the value with all defaults filled in, or every problem at once. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/** All problems as one text, a line each. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('\n');
}

/** A path as text, such as `steps[2].retry.delay`. */
export function pathText(base: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key),
    base,
  );
}
