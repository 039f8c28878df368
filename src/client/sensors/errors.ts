import { formatProblems, type Problem } from '../../base/problems.js';

/** A sensor that cannot be made. Nothing was sent. */
export class SensorError extends Error {
  /** `SensorError`. */
  override readonly name = 'SensorError';
  /** Everything that is wrong, each with its path. */
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(`The sensor cannot be used:\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}

/** Clocks differ a little. */
const AHEAD_MS = 60_000;

/** A cursor in the future would leave out everything until then. */
export function refuseFuture(since: Date): void {
  if (since.getTime() > Date.now() + AHEAD_MS)
    throw new SensorError([{ path: 'since', message: `must not lie in the future: ${since.toISOString()}` }]);
}
