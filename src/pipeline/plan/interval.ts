import type { RunScope } from '../../run/scope.js';
import { occurrenceUpTo } from '../../schedule/index.js';
import type { PipelineRequest, PipelineSpec } from '../definition/spec.js';

/**
 * What a run that was meant to start at this time is about: what its start says, else the newest interval of its schedule. Empty where
 * neither is known.
 */
export function intervalOf(
  { interval, partition }: Pick<PipelineRequest, 'interval' | 'partition'>,
  { schedule }: Pick<PipelineSpec, 'schedule'>,
  scheduledTime: Date,
): Pick<RunScope, 'interval' | 'partition'> {
  const start = schedule && occurrenceUpTo(schedule, scheduledTime.getTime());
  const known = interval ?? (start && { start: start.intervalStart, end: start.intervalEnd });
  const key = partition ?? start?.partition;
  return { ...(known && { interval: known }), ...(key !== undefined && { partition: key }) };
}
