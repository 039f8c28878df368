import { formatProblems, type Problem } from '../../base/problems.js';

/** A backfill that cannot be planned or started. Nothing was sent. */
export class BackfillError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'BackfillError';
  /** Every problem with its path, in the order of the message. */
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(`The backfill cannot be used:\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}
