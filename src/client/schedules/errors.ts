import { formatProblems, type Problem } from '../../base/problems.js';

/** Pipeline files whose schedules cannot be applied. Nothing was changed. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(`The schedules cannot be used:\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}
