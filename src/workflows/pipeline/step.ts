import { CancellationScope, isCancellation, TemporalFailure } from '@temporalio/workflow';
import { stepCondition, stepItems } from '../../pipeline/boundary.js';
import { isChild } from '../../pipeline/definition/spec.js';
import type { StepResult } from '../../pipeline/execution/result.js';
import { endingOf, retryDelayMs } from '../../pipeline/execution/retry.js';
import { waitForDecision } from '../timers.js';
import { attempt } from './attempt.js';
import type { StepContext } from './context.js';
import { badStep, leftOnPurpose, stepErrorOf } from './failures.js';
import { type Decision, type Ending, fanOutResult, newUnit, type StepRecord, type Unit } from './state.js';

/** Runs a step to its end: its condition, its items, their attempts, and a person's decision where it asks for one. */
export async function runStep(execution: StepContext, step: StepRecord): Promise<Ending> {
  const { spec } = step;
  if (spec.when !== true) {
    const condition = stepCondition(spec, execution.templateScope);
    if (!condition.ok) throw badStep(condition.problems);
    if (!condition.value) return { state: 'skipped', reason: 'its condition is false' };
  }
  step.units ??= unitsOf(execution, step);
  for (;;) {
    await runUnits(execution, step, step.units);
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
  return items.value.map((item, index) => {
    const unit = execution.register(step, newUnit(`${spec.id}/${index}`, index, item));
    const result = reusedItems[String(index)];
    if (result) Object.assign(unit, { state: 'success', result });
    return unit;
  });
}

function resultOfUnits({ spec }: StepRecord, units: readonly Unit[]): StepResult {
  const [only] = units;
  return spec.forEach === null && only?.result ? only.result : fanOutResult(units);
}

/**
 * Runs all units that are still to be run, `window` at once. After a failure no further one starts, unless the step
 * goes on.
 */
function runUnits(execution: StepContext, step: StepRecord, units: Unit[]): Promise<void> {
  const { window, onFailure, cancelSiblings } = step.spec;
  const line = units.filter(({ state }) => state !== 'success');
  // Every promise costs: the SDK keeps a stack trace for each.
  const [only, second] = line;
  if (only && !second) return runUnit(execution, step, only);
  const run = cancelSiblings ? cancellingOthers(execution, step) : runUnit;
  return runLanes(Math.min(window ?? line.length, line.length), async () => {
    for (let unit = line.shift(); unit; unit = line.shift()) {
      await run(execution, step, unit);
      if (unit.state === 'failed' && onFailure !== 'continue') line.length = 0;
    }
  });
}

/** Runs units of which the first that fails cancels the others, and the steps that run beside this one. */
function cancellingOthers(execution: StepContext, step: StepRecord): typeof runUnit {
  const outer = CancellationScope.current();
  const inner = new CancellationScope();
  return async (_execution, _step, unit) => {
    try {
      await inner.run(() => runUnit(execution, step, unit));
    } catch (error) {
      if (outer.consideredCancelled || !(error instanceof TemporalFailure)) throw error;
      const quiet = isCancellation(error) || leftOnPurpose(error);
      unit.error ??= quiet ? null : stepErrorOf(error).error;
      unit.failure = quiet ? null : error;
      execution.move(step, unit, quiet ? 'cancelled' : 'failed');
    }
    if (unit.state !== 'failed') return;
    inner.cancel();
    execution.cancelSiblings(step);
  };
}

/** Waits for all lanes, also when one throws. */
async function runLanes(count: number, lane: () => Promise<void>): Promise<void> {
  const ended = await Promise.allSettled(Array.from({ length: count }, lane));
  const thrown = ended.find(({ status }) => status === 'rejected');
  if (thrown?.status === 'rejected') throw thrown.reason;
}

/** Runs a unit with its attempts. Throws only when it is cancelled. */
async function runUnit(execution: StepContext, step: StepRecord, unit: Unit): Promise<void> {
  const { spec } = step;
  // An attempt that a person asked for counts, but the policy starts anew with it.
  const before = unit.attempts;
  for (;;) {
    const thrown = await runAttempt(execution, step, unit);
    if (thrown === null) return;
    const { error, nonRetryable } = stepErrorOf(thrown);
    // A run that goes on in Hex must not get a second one beside it.
    const ending = error.leftRunning ? null : endingOf(spec.kind, error.type, nonRetryable);
    const delayMs = retryDelayMs(spec.retry, ending, unit.attempts - before);
    unit.error = error;
    if (delayMs === null) {
      unit.failure = thrown;
      execution.move(step, unit, 'failed');
      return;
    }
    const at = new Date(Date.now() + delayMs).toISOString().slice(11, 19);
    const next = `attempt ${unit.attempts + 1} at ${at} UTC, after ${error.status ?? error.type}`;
    const wait = waitForDecision<Decision>(delayMs, `${unit.key}: ${next}`);
    unit.resolve = wait.resolve;
    execution.move(step, unit, 'retrying', next);
    await wait.result;
    unit.resolve = null;
  }
}

/** What was thrown, or null after a success. */
async function runAttempt(execution: StepContext, step: StepRecord, unit: Unit): Promise<Error | null> {
  const placed = isChild(step.spec.kind);
  if (placed) {
    if (execution.semaphore.full)
      execution.move(
        step,
        unit,
        'queued',
        execution.paused ? 'the pipeline is paused' : 'a free place (maxParallel)',
      );
    const turn = execution.semaphore.acquire();
    if (turn) await turn;
  }
  try {
    unit.attempts++;
    unit.run = null;
    unit.expectedEnd = null;
    execution.move(step, unit, 'running');
    unit.result = await attempt(execution, step, unit);
    unit.error = null;
    execution.move(step, unit, 'success');
    return null;
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) {
      if (leftOnPurpose(error)) unit.error = stepErrorOf(error).error;
      throw error;
    }
    // Anything else is a bug in this package, and must fail the workflow task.
    if (!(error instanceof TemporalFailure)) throw error;
    return error;
  } finally {
    if (placed) execution.semaphore.release();
  }
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
