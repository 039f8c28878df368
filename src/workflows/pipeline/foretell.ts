import { MOST_AHEAD, type NextRun } from '../../contract/ask-ahead.js';
import { stepWorkflowId } from '../../contract/ids.js';
import type { PipelineSpec, StepSpec } from '../../pipeline/definition/spec.js';
import type { Statuses } from '../../pipeline/execution/scheduler.js';
import { foretell, isHeard, nextRun } from '../ask-ahead.js';
import type { PreparedExecution } from './prepared.js';
import { surroundingsOf } from './unit-work.js';

/**
 * Tells the worker which runs may begin as soon as this step has succeeded, so that their permits are asked for when its end
 * is seen: by the time that they begin, the limiter has answered. A permit that nobody takes counts as a start, so they
 * are only those that begin at once, as things stand; to be told anew when that changes.
 */
export function foretellAfter(prepared: PreparedExecution, step: StepSpec, statuses: Statuses): void {
  if (!isHeard() || step.kind !== 'hex' || step.forEach !== null) return;
  const workflowId = stepWorkflowId(prepared.run.workflowId, step.id);
  foretell(workflowId, nextRuns(prepared, step, statuses).slice(0, MOST_AHEAD));
}

function nextRuns(
  prepared: PreparedExecution,
  step: StepSpec,
  { statusOf, stoppedBy, paused }: Statuses,
): NextRun[] {
  const { plan, pipeline, run } = prepared;
  const { name, ofThePast } = surroundingsOf(prepared);
  // Nobody waits for what makes up for the past.
  if (paused || stoppedBy !== null || ofThePast || mayHaveToWait(plan.spec)) return [];
  return (plan.dependents.get(step.id) ?? []).flatMap((id): NextRun[] => {
    const spec = plan.byId.get(id);
    const work = pipeline.ready.get(id)?.[0];
    if (!spec || work?.kind !== 'hex' || work.skipIfFreshMs !== null) return [];
    if (!beginsAfterSuccess(spec) || statusOf(id).state !== 'waiting') return [];
    const isLast = spec.dependsOn.every((other) => other === step.id || statusOf(other).state === 'success');
    const next = isLast ? nextRun(work.input, stepWorkflowId(run.workflowId, id), name) : null;
    return next ? [next] : [];
  });
}

function beginsAfterSuccess({ forEach, when, triggerRule }: StepSpec): boolean {
  return forEach === null && when === true && triggerRule === 'all_success';
}

/** Whether more may want to run at once than may. */
function mayHaveToWait({ maxParallel, steps }: PipelineSpec): boolean {
  return (
    maxParallel !== null && (steps.length > maxParallel || steps.some(({ forEach }) => forEach !== null))
  );
}
