import { proxySinks, workflowInfo } from '@temporalio/workflow';
import type { AskAheadSinks, NextRun } from '../../contract/ask-ahead.js';
import { stepWorkflowId } from '../../contract/ids.js';
import type { StepSpec } from '../../pipeline/definition/spec.js';
import type { StepState } from '../../pipeline/execution/scheduler.js';
import { nextRun } from '../ask-ahead.js';
import type { PreparedExecution } from './prepared.js';
import { surroundingsOf } from './unit-work.js';

const { permits } = proxySinks<AskAheadSinks>();

/**
 * Tells the worker which runs begin as soon as this step has succeeded, so that their permits are asked for when its end is
 * seen: by the time that they begin, the limiter has answered. Only those of which all is known already.
 */
export function foretell(
  prepared: PreparedExecution,
  step: StepSpec,
  stateOf: (id: string) => StepState,
): void {
  const { unsafe } = workflowInfo();
  if (unsafe.isReplaying || step.kind !== 'hex' || step.forEach !== null) return;
  const { plan, pipeline, run } = prepared;
  const { name, ofThePast } = surroundingsOf(prepared);
  // Nobody waits for what makes up for the past.
  if (ofThePast) return;
  const runs = (plan.dependents.get(step.id) ?? []).flatMap((id): NextRun[] => {
    const spec = plan.byId.get(id);
    const work = pipeline.ready.get(id)?.[0];
    if (!spec || work?.kind !== 'hex' || work.skipIfFreshMs !== null) return [];
    const others = spec.dependsOn.filter((other) => other !== step.id);
    const certain = spec.forEach === null && spec.when === true && stateOf(id) === 'waiting';
    if (!certain || others.some((other) => stateOf(other) !== 'success')) return [];
    const next = nextRun(work.input, stepWorkflowId(run.workflowId, id), name);
    return next ? [next] : [];
  });
  if (runs.length > 0) permits.foretell(stepWorkflowId(run.workflowId, step.id), runs);
}
