import { formatProblems, type Problem } from '../../base/problems.js';

/** A backfill that cannot be planned or started. Nothing was sent. */
export class BackfillError extends Error {
  override readonly name = 'BackfillError';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(`The backfill cannot be used:\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}
