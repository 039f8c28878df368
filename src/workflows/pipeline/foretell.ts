import type { NextRun } from '../../contract/ask-ahead.js';
import { stepWorkflowId } from '../../contract/ids.js';
import type { PipelineSpec, StepSpec } from '../../pipeline/definition/spec.js';
import type { StepState } from '../../pipeline/execution/scheduler.js';
import { foretell, nextRun } from '../ask-ahead.js';
import type { PreparedExecution } from './prepared.js';
import { surroundingsOf } from './unit-work.js';

/**
 * Tells the worker which runs begin as soon as this step has succeeded, so that their permits are asked for when its end is
 * seen: by the time that they begin, the limiter has answered. Only those of which all is known already.
 */
export function foretellAfter(
  prepared: PreparedExecution,
  step: StepSpec,
  stateOf: (id: string) => StepState,
): void {
  if (step.kind !== 'hex' || step.forEach !== null) return;
  const { plan, pipeline, run } = prepared;
  const { name, ofThePast } = surroundingsOf(prepared);
  // Nobody waits for what makes up for the past. And a permit for a step that waits for a free place would be in vain.
  if (ofThePast || mayHaveToWait(plan.spec)) return;
  const runs = (plan.dependents.get(step.id) ?? []).flatMap((id): NextRun[] => {
    const spec = plan.byId.get(id);
    const work = pipeline.ready.get(id)?.[0];
    if (!spec || work?.kind !== 'hex' || work.skipIfFreshMs !== null) return [];
    const others = spec.dependsOn.filter((other) => other !== step.id);
    if (!beginsAfterSuccess(spec) || stateOf(id) !== 'waiting') return [];
    if (others.some((other) => stateOf(other) !== 'success')) return [];
    const next = nextRun(work.input, stepWorkflowId(run.workflowId, id), name);
    return next ? [next] : [];
  });
  foretell(stepWorkflowId(run.workflowId, step.id), runs);
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
