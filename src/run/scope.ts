import { dateIn } from '../templates/filters.js';

/** From one start of a schedule to the next. */
export interface Interval {
  /** The start before, ISO 8601: the first instant that belongs to it. */
  start: string;
  /** The start itself, ISO 8601: the first instant that no longer belongs to it. */
  end: string;
}

/** What templates know of the execution itself. */
export interface RunScope {
  /** When the schedule meant it to start, else when it did; ISO 8601, UTC. */
  scheduledTime: string;
  /** The date of `scheduledTime` in `timezone`, such as `2026-11-23`. */
  date: string;
  timezone: string;
  /**
   * The time that the run is about: the start before its own, and its own; ISO 8601, UTC. Only where a schedule is
   * known.
   */
  interval?: Interval;
  /** The key of the interval, such as `2026-01-31`. Only where a schedule is known. */
  partition?: string;
  /** When it really started; ISO 8601, UTC. */
  startTime: string;
  workflowId: string;
  /** Name of the pipeline. */
  pipeline: string;
}

/** The {@link RunScope} of a `hexRun` of its own. */
export type LoneRunScope = Omit<RunScope, 'pipeline' | 'interval' | 'partition'>;

/** What templates may read of `run`. */
export const RUN_FIELDS: readonly (keyof RunScope)[] = [
  'scheduledTime',
  'date',
  'timezone',
  'interval',
  'partition',
  'startTime',
  'workflowId',
  'pipeline',
];

/** Of which execution, as far as templates see it. */
export interface ExecutionStart {
  scheduledTime: Date;
  startTime: Date;
  workflowId: string;
}

/** The variables of an execution, its date being that of the zone. */
export function runScope(
  { scheduledTime, startTime, workflowId }: ExecutionStart,
  timezone: string,
): LoneRunScope {
  return {
    scheduledTime: scheduledTime.toISOString(),
    date: dateIn(scheduledTime.getTime(), timezone),
    timezone,
    startTime: startTime.toISOString(),
    workflowId,
  };
}
