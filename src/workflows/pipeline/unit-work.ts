import { workflowInfo } from '@temporalio/workflow';
import type { Surroundings } from '../../contract/slice.js';
import { stepWork } from '../../pipeline/boundary.js';
import type { StepSpec } from '../../pipeline/definition/spec.js';
import type { StepWork } from '../../pipeline/plan/step-work.js';
import { badStep } from './failures.js';
import type { PreparedExecution } from './prepared.js';
import type { Unit } from './state.js';

/** A sensor that starts a pipeline so long after the ending that it is for is catching up. */
const CAUGHT_UP_AFTER_MS = 3_600_000;

/** What the children of a pipeline get to know of it. */
export function surroundingsOf(prepared: PreparedExecution): Surroundings {
  const { plan, run, trigger, depth, rules } = prepared;
  const { name, projects } = plan.spec;
  return { name, projects, run, trigger, depth, lenient: rules.lenient, ofThePast: isOfThePast(prepared) };
}

/** Whether it is part of a backfill, or of a sensor's catching up. */
function isOfThePast({ trigger, run: { scheduledTime } }: PreparedExecution): boolean {
  if (trigger === 'sensor')
    return workflowInfo().startTime.getTime() - Date.parse(scheduledTime) > CAUGHT_UP_AFTER_MS;
  return trigger === 'backfill';
}

/** What a unit does, its templates filled in: at the start where that could be done, else from the scope. */
export function unitWork(
  { pipeline, plan, rules }: PreparedExecution,
  scope: Record<string, unknown>,
  spec: StepSpec,
  { index, item }: Unit,
): StepWork {
  const ready = pipeline.ready.get(spec.id)?.[index ?? 0];
  if (ready) return ready;
  const own = index === null ? {} : { item, index };
  const work = rules.read(() => stepWork(spec, { ...scope, ...own }, plan.spec));
  if (!work.ok) throw badStep(work.problems);
  return work.value;
}
