import type { LedgerRun } from '../src/sandbox/index.js';
import type { Overlap } from '../src/schedule/index.js';

/** A date that a schedule meant, and the pipeline that it starts. */
export interface MeantDate {
  scheduledTime: string;
  overlap: Overlap;
  workflowId: string;
  /** Input parameter `chaos` of its run. */
  key: string;
  /** The project of its run: no other schedule has it. */
  projectId: string;
}

/** Dates without a run in Hex, where no date may be left out for another. */
export function datesWithoutRun(dates: readonly MeantDate[], runs: readonly LedgerRun[]): MeantDate[] {
  const byDate = runsByDate(runs);
  return dates.filter((date) => date.overlap !== 'skip' && !byDate.has(nameOf(date)));
}

/** The runs of each date that has several, whichever pipelines started them. */
export function runsOfOneDate(runs: readonly LedgerRun[]): LedgerRun[][] {
  return [...runsByDate(runs).values()].filter((ofDate) => ofDate.length > 1);
}

function runsByDate(runs: readonly LedgerRun[]): Map<string, LedgerRun[]> {
  const found = new Map<string, LedgerRun[]>();
  for (const run of runs) {
    const date = run.inputParams?.date;
    if (typeof date !== 'string') continue;
    const name = nameOf({ projectId: run.projectId, scheduledTime: date });
    found.set(name, [...(found.get(name) ?? []), run]);
  }
  return found;
}

const nameOf = ({ projectId, scheduledTime }: Pick<MeantDate, 'projectId' | 'scheduledTime'>) =>
  `${projectId} ${scheduledTime}`;
