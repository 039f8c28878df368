import type { PipelineResult } from '../../pipeline/execution/result.js';
import type { Occurrence } from '../../schedule/index.js';
import type { PreparedExecution } from './prepared.js';
import type { PipelineView } from './view.js';

/** Ends a start that the schedule does not mean, before anything reaches Hex. */
export function endNotMeant(
  { plan, pipeline: { params }, run }: PreparedExecution,
  { scheduledTime, partition, note }: Occurrence,
  view: PipelineView,
): PipelineResult {
  const { name } = plan.spec;
  const reason = `Not run: ${note ?? 'the local time happens twice on this day'}, at ${scheduledTime}`;
  view.standDown({ name, params }, reason);
  const now = new Date().toISOString();
  return {
    success: true,
    name,
    params,
    steps: {},
    notMeant: { scheduledTime, partition, reason },
    startTime: run.startTime,
    endTime: now,
    elapsedMs: Date.parse(now) - Date.parse(run.startTime),
  };
}
