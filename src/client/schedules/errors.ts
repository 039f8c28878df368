import { formatProblems, type Problem } from '../../base/problems.js';

/** What cannot be done with schedules, or with the files that they are to be made from. Nothing was changed. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[], what = 'The schedules cannot be used') {
    super(`${what}:\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}
