import { formatProblems, type Problem } from '../../base/problems.js';

/** What cannot be done with schedules, or with the files that they are to be made from. Nothing was changed. */
export class ScheduleError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'ScheduleError';
  /** Every problem with its path, in the order of the message. */
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[], what = 'The schedules cannot be used') {
    super(`${what}:\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}
