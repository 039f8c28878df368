import { CancellationScope, isCancellation, TemporalFailure } from '@temporalio/workflow';
import { isChild } from '../../pipeline/definition/spec.js';
import { endingOf, retryDelayMs } from '../../pipeline/execution/retry.js';
import { waitForDecision } from '../timers.js';
import { attempt } from './attempt.js';
import type { UnitContext } from './context.js';
import { leftOnPurpose, stepErrorOf } from './failures.js';
import type { Decision, StepRecord, Unit } from './state.js';

/**
 * Runs all units that are still to be run, `window` at once. After a failure no further one starts, unless the step
 * goes on.
 */
export function runUnits(execution: UnitContext, step: StepRecord, units: Unit[]): Promise<void> {
  const { window, onFailure, cancelSiblings } = step.spec;
  const line = units.filter(({ state }) => state !== 'success');
  // Every promise costs: the SDK keeps a stack trace for each.
  const [only, second] = line;
  if (only && !second) return runUnit(execution, step, only);
  const run = cancelSiblings ? cancellingOthers(execution, step) : runUnit;
  const atOnce = Math.min(window ?? line.length, line.length);
  execution.childStarts.expect(atOnce);
  return runLanes(atOnce, async () => {
    for (let unit = line.shift(); unit; unit = line.shift()) {
      await run(execution, step, unit);
      if (unit.state === 'failed' && onFailure !== 'continue') line.length = 0;
    }
  });
}

/** Runs units of which the first that fails cancels the others, and the steps that run beside this one. */
export function cancellingOthers(execution: UnitContext, step: StepRecord): typeof runUnit {
  const outer = CancellationScope.current();
  const inner = new CancellationScope();
  return async (_execution, _step, unit) => {
    try {
      await inner.run(() => runUnit(execution, step, unit));
    } catch (error) {
      if (outer.consideredCancelled) throw error;
      endCancelled(execution, step, unit, error);
    }
    if (unit.state !== 'failed') return;
    inner.cancel();
    execution.cancelSiblings(step);
  };
}

/** Ends a unit that was cancelled and threw. Throws what is no failure. */
export function endCancelled(execution: UnitContext, step: StepRecord, unit: Unit, error: unknown): void {
  if (!(error instanceof TemporalFailure)) throw error;
  const quiet = isCancellation(error) || leftOnPurpose(error);
  unit.error ??= quiet ? null : stepErrorOf(error).error;
  unit.failure = quiet ? null : error;
  execution.move(step, unit, quiet ? 'cancelled' : 'failed');
}

/** Waits for all lanes, also when one throws. */
export async function runLanes(count: number, lane: () => Promise<void>): Promise<void> {
  const ended = await Promise.allSettled(Array.from({ length: count }, lane));
  const thrown = ended.find(({ status }) => status === 'rejected');
  if (thrown?.status === 'rejected') throw thrown.reason;
}

/** Runs a unit with its attempts. Throws only when it is cancelled. */
export async function runUnit(execution: UnitContext, step: StepRecord, unit: Unit): Promise<void> {
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
async function runAttempt(execution: UnitContext, step: StepRecord, unit: Unit): Promise<Error | null> {
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
