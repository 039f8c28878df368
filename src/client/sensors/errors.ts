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
