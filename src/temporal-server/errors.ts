/** One thing that was tried to get a Temporal CLI, and why it did not work out. */
export interface Attempt {
  what: string;
  reason: string;
}

/** No usable Temporal CLI. The message lists everything that was tried and the one thing to install. */
export class TemporalCliError extends Error {
  override readonly name = 'TemporalCliError';
  readonly attempts: readonly Attempt[];

  constructor(attempts: readonly Attempt[], remedy: string) {
    const tried = attempts.map(({ what, reason }, i) => `  ${i + 1}. ${what}: ${reason}`);
    super(['No usable Temporal CLI. Tried:', ...tried, remedy].join('\n'));
    this.attempts = attempts;
  }
}

/** The dev server did not start. `output` is the end of what it printed. */
export class DevServerError extends Error {
  override readonly name = 'DevServerError';
  readonly output: string;

  constructor(message: string, output: string) {
    super(output === '' ? message : `${message}\nIts last words:\n${output}`);
    this.output = output;
  }
}

/** What an error says, for use inside another message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch hides the interesting part ("getaddrinfo ENOTFOUND …") in the cause; that may have a code and no words.
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message.trim() || (error as NodeJS.ErrnoException).code || error.name;
}
