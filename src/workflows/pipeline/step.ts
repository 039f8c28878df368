import { stepCondition, stepItems } from '../../pipeline/boundary.js';
import { tooManyItems } from '../../pipeline/definition/items.js';
import type { StepResult } from '../../pipeline/execution/result.js';
import { isLong } from '../../pipeline/execution/slices.js';
import { waitForDecision } from '../timers.js';
import type { StepContext } from './context.js';
import { badStep } from './failures.js';
import { Slices } from './slices.js';
import { type Decision, type Ending, fanOutResult, newUnit, type StepRecord, type Unit } from './state.js';
import { runUnits } from './units.js';

/** Runs a step to its end: its condition, its items, their attempts, and a person's decision where it asks for one. */
export async function runStep(execution: StepContext, step: StepRecord): Promise<Ending> {
  const { spec } = step;
  if (spec.when !== true) {
    const condition = stepCondition(spec, execution.templateScope);
    if (!condition.ok) throw badStep(condition.problems);
    if (!condition.value) return { state: 'skipped', reason: 'its condition is false' };
  }
  step.units ??= unitsOf(execution, step);
  const { slices } = step;
  for (;;) {
    await (slices ? slices.run(step.units) : runUnits(execution, step, step.units));
    const failed = step.units.find(({ state }) => state === 'failed');
    if (!failed) return wellEnded(step, resultOfUnits(step, step.units));
    if (spec.onFailure !== 'pause') return { state: 'failed', error: failed.error, failure: failed.failure };
    const decision = await decisionOn(execution, step, failed);
    if (decision === null)
      return {
        state: 'failed',
        reason: 'nobody decided in time',
        error: failed.error,
        failure: failed.failure,
      };
    if (decision.to !== 'retry') return endingBy(execution, decision, failed);
    for (const unit of step.units) {
      if (unit.state === 'failed') unit.state = 'waiting';
    }
  }
}

/** A step whose key another has that has not ended yet has no result for the steps after it. */
function wellEnded({ spec }: StepRecord, result: StepResult): Ending {
  const skipped = spec.forEach === null && 'skipped' in result ? result.skipped : undefined;
  if (skipped?.state !== 'running') return { state: 'success', result };
  return { state: 'skipped', reason: `${skipped.workflowId} is running with its key "${skipped.key}"` };
}

/** The outcome of a step that a person decided. */
export function endingBy(execution: StepContext, decision: Decision, failed: Unit | null): Ending {
  const { to, by, reason } = decision;
  const words = `${by}${reason ? `: ${reason}` : ''}`;
  if (to === 'skipped') return { state: 'skipped', reason: `skipped by ${words}` };
  if (to === 'success')
    return {
      state: 'success',
      reason: `marked as a success by ${words}`,
      result: { success: true, status: 'MARKED_SUCCESS', by, reason, at: execution.now() },
    };
  const told = { error: failed?.error ?? null, failure: failed?.failure ?? null };
  return { state: 'cancelled', reason: `cancelled by ${words}`, ...told };
}

function unitsOf(execution: StepContext, step: StepRecord): Unit[] {
  const { spec, reusedItems } = step;
  if (spec.forEach === null) return [execution.register(step, newUnit(spec.id, null, null))];
  const known = execution.pipeline.items.get(spec.id);
  const items = known ? { ok: true as const, value: known } : stepItems(spec, execution.templateScope);
  if (!items.ok) throw badStep(items.problems);
  const count = items.value.length;
  if (execution.inSlices(step, count)) step.slices = new Slices(execution, step);
  // An execution that began when that was too many.
  else if (isLong(count))
    throw badStep([{ path: `steps.${spec.id}.forEach`, message: tooManyItems(spec.kind, count) }]);
  return items.value.map((item, index) => {
    const unit = execution.register(step, newUnit(`${spec.id}/${index}`, index, item));
    const result = reusedItems[String(index)];
    if (result) Object.assign(unit, { state: 'success', result });
    return unit;
  });
}

function resultOfUnits({ spec, truncated }: StepRecord, units: readonly Unit[]): StepResult {
  const [only] = units;
  return spec.forEach === null && only?.result ? only.result : fanOutResult(units, truncated);
}

async function decisionOn(execution: StepContext, step: StepRecord, failed: Unit): Promise<Decision | null> {
  const limitMs = step.spec.decisionWithinMs;
  const wait = waitForDecision<Decision>(limitMs, `${step.spec.id}: until somebody decides`);
  step.resolve = wait.resolve;
  const until = new Date(Date.now() + limitMs).toISOString().slice(0, 16).replace('T', ' ');
  failed.waitingFor = `a decision until ${until} UTC: retryStep, skipStep, markSuccess or cancelStep`;
  step.error = failed.error;
  step.state = 'decision';
  execution.notify(
    step,
    'waiting',
    `Step "${step.spec.id}" failed and waits for a decision: ${failed.error?.message ?? ''}`,
  );
  try {
    return await wait.result;
  } finally {
    step.resolve = null;
    failed.waitingFor = null;
  }
}
