import {
  CancellationScope,
  CancelledFailure,
  type ChildWorkflowHandle,
  startChild,
  TemporalFailure,
} from '@temporalio/workflow';
import { jsonSize } from '../../base/json.js';
import { isOfType } from '../../contract/failure.js';
import { sliceKey, stepWorkflowId } from '../../contract/ids.js';
import { memo } from '../../contract/memo.js';
import { sliceOrdersSignal } from '../../contract/messages.js';
import type { ItemEnd, SliceInput, SliceOrders, SliceProgress, SliceResult } from '../../contract/slice.js';
import type { PipelineDefinition } from '../../pipeline/definition/definition.js';
import { isChild } from '../../pipeline/definition/spec.js';
import { taskTimeoutOf } from '../../pipeline/definition/task-timeout.js';
import { RESULT_BYTES } from '../../pipeline/execution/bound-results.js';
import type { StepResult } from '../../pipeline/execution/result.js';
import { dealPlaces, statesIn, takeSlice } from '../../pipeline/execution/slices.js';
import type { StepWork } from '../../pipeline/plan/step-work.js';
import { beginChild } from './attempt.js';
import type { StepContext } from './context.js';
import { failureOfItem, stepErrorOf } from './failures.js';
import { HeldPlaces } from './held-places.js';
import { type RunningSlices, type StepRecord, stateOfUnits, type Unit } from './state.js';
import { runLanes } from './units.js';

const NOT_REACHED: ItemEnd = { index: 0, state: 'waiting', attempts: 0 };

type HexSlice = (input: SliceInput) => Promise<SliceResult>;

/** A slice whose workflow runs. */
interface OpenSlice {
  units: readonly Unit[];
  workflow: ChildWorkflowHandle<HexSlice>;
}

/**
 * The slices of a long fan-out, each run by a `hexSlice`: the pipeline hands out items and places, and takes the results.
 * Items are children of their slice, but have the ids that they would have as children of the pipeline.
 */
export class Slices implements RunningSlices {
  private readonly execution: StepContext;
  private readonly step: StepRecord;
  private readonly open = new Map<number, OpenSlice>();
  /** Units that no slice has yet. */
  private line: Unit[] = [];
  /** Cancels all slices after a failure, where that was asked for. */
  private scope = new CancellationScope();
  private stopped = false;

  constructor(execution: StepContext, step: StepRecord) {
    this.execution = execution;
    this.step = step;
  }

  async run(units: readonly Unit[]): Promise<void> {
    const { window, kind } = this.step.spec;
    const { maxParallel } = this.execution.plan.spec;
    const limits = [window, isChild(kind) ? maxParallel : null].filter((limit) => limit !== null);
    const { slices, places } = dealPlaces(limits.length > 0 ? Math.min(...limits) : null);
    this.line = units.filter(({ state }) => state !== 'success');
    this.scope = new CancellationScope();
    this.stopped = false;
    const outer = CancellationScope.current();
    await runLanes(slices, async () => {
      while (this.line.length > 0 && !outer.consideredCancelled) await this.runNext(places);
    });
    if (outer.consideredCancelled) throw this.cancelled(units);
  }

  note({ first, states, waitingFor }: SliceProgress): void {
    const units = this.open.get(first)?.units;
    // It may come after the result.
    if (!units) return;
    let waiting = waitingFor;
    for (const [index, { state, begun }] of statesIn(states).entries()) {
      const unit = units[index];
      if (!unit) continue;
      const waits = state === 'running' && !begun;
      Object.assign(unit, { state, begun, waitingFor: waits ? waiting : null });
      if (waits) waiting = null;
      if (state !== 'waiting') unit.attempts ||= 1;
    }
    this.step.state = stateOfUnits(this.step.units ?? units);
    this.stopAfterFailure(units);
  }

  order(units: readonly Unit[], orders: (indices: number[]) => SliceOrders): void {
    const wanted = new Set(units);
    for (const slice of this.open.values()) {
      const indices = slice.units.flatMap((unit) => (wanted.has(unit) ? [unit.index ?? 0] : []));
      if (indices.length > 0) tell(slice, orders(indices));
    }
  }

  private async runNext(places: number | null): Promise<void> {
    const works = new Map<Unit, StepWork>();
    const taken = takeSlice(this.line, (unit) => {
      const work = this.workOf(unit);
      if (work) works.set(unit, work);
      return jsonSize(work);
    });
    const units = taken.filter((unit) => works.has(unit));
    if (units.length === 0) return;
    try {
      await this.scope.run(() => this.runSlice(units, works, places));
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      this.lost(units, error);
    }
  }

  /** What the unit does; a unit that this cannot be said of fails. */
  private workOf(unit: Unit): StepWork | null {
    try {
      const work = this.execution.workOf(this.step, unit);
      return sharesDefinition(this.step, work) ? { ...work, pipeline: '' } : work;
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      unit.attempts++;
      fail([unit], unit.state, error);
      this.stopAfterFailure([unit]);
      return null;
    }
  }

  private async runSlice(
    units: readonly Unit[],
    works: ReadonlyMap<Unit, StepWork>,
    places: number | null,
  ): Promise<void> {
    const { spec, units: all } = this.step;
    const { surroundings, semaphore, paused } = this.execution;
    const [first, last] = [units[0]?.index ?? 0, units.at(-1)?.index ?? 0];
    const key = sliceKey(spec.id, first);
    const held = new HeldPlaces(isChild(spec.kind) ? semaphore : null, places);
    await held.take();
    try {
      const { pipeline } = spec.body;
      const input: SliceInput = {
        step: { ...spec, body: {}, forEach: [] },
        surroundings,
        items: units.flatMap((unit) => {
          const work = works.get(unit);
          return work ? [{ index: unit.index ?? 0, attempts: unit.attempts, work }] : [];
        }),
        ...(typeof pipeline === 'object' && { definition: pipeline as unknown as PipelineDefinition }),
        atOnce: places,
        places: held.places,
        paused: paused !== null,
        resultBytes: Math.floor((RESULT_BYTES * units.length) / (all?.length ?? units.length)),
      };
      const workflow = await beginChild(surroundings, { key, workflowId: null, waitingFor: null }, (common) =>
        startChild<HexSlice>('hexSlice', {
          ...common,
          args: [input],
          memo: memo({ hexPipeline: surroundings.name, hexStep: key }),
          staticSummary: `${spec.id}: items ${first} to ${last}`,
          ...taskTimeoutOf({ steps: [{ forEach: units }] }),
        }),
      );
      const slice = { units, workflow };
      this.open.set(first, slice);
      this.step.state = stateOfUnits(all ?? units);
      // What was decided while it began.
      if (this.execution.paused !== paused) tell(slice, { paused: this.execution.paused !== null });
      if (this.stopped) tell(slice, { stop: true });
      held.more((count) => tell(slice, { places: count }));
      this.take(units, await workflow.result());
    } finally {
      this.open.delete(first);
      held.giveBack();
    }
  }

  private take(units: readonly Unit[], { items, truncated, cancelled }: SliceResult): void {
    for (const [at, unit] of units.entries()) {
      const { state, attempts, result = null, error = null, untaken = null } = items[at] ?? NOT_REACHED;
      const failure = error && state === 'failed' ? failureOfItem(error) : null;
      Object.assign(unit, {
        state,
        attempts,
        result,
        error,
        failure,
        untaken,
        begun: false,
        waitingFor: null,
      });
    }
    if (cancelled && !this.scope.consideredCancelled)
      fail(units, 'cancelled', new CancelledFailure('Cancelled'));
    this.step.truncated ||= truncated === true;
    this.step.state = stateOfUnits(this.step.units ?? units);
    this.stopAfterFailure(units);
    // Its history had grown too long for them.
    if (!this.stopped && !this.scope.consideredCancelled)
      this.line.unshift(...units.filter(({ state }) => state === 'waiting'));
  }

  /** Its workflow was terminated by somebody, or could not begin before it was cancelled: what it has told last is known. */
  private lost(units: readonly Unit[], error: TemporalFailure): void {
    const cancelled = this.scope.consideredCancelled;
    for (const unit of units) {
      unit.begun = false;
      unit.waitingFor = null;
      if (unit.state === 'success') unit.result ??= this.unknownResult(unit);
      else if (cancelled) unit.state = 'cancelled';
      else fail([unit], unit.state, error);
    }
    this.stopAfterFailure(units);
  }

  /** Of an item that has succeeded: the result is in the history of its own workflow. */
  private unknownResult({ key }: Unit): StepResult {
    const workflowId = stepWorkflowId(this.execution.surroundings.run.workflowId, key);
    return { success: true, status: 'COMPLETED', workflowId, output: null };
  }

  /** After a failure nothing further starts, unless the step goes on. */
  private stopAfterFailure(units: readonly Unit[]): void {
    const { onFailure, cancelSiblings } = this.step.spec;
    if (this.stopped || onFailure === 'continue' || !units.some(({ state }) => state === 'failed')) return;
    this.stopped = true;
    this.line.length = 0;
    for (const slice of this.open.values()) tell(slice, { stop: true });
    if (!cancelSiblings) return;
    this.scope.cancel();
    this.execution.cancelSiblings(this.step);
  }

  /** A clean-up that failed, and a run that was left, must be told. */
  private cancelled(units: readonly Unit[]): Error {
    const told =
      units.find(({ error }) => isOfType(error, 'HexCleanupFailed')) ??
      units.find(({ error }) => isOfType(error, 'HexRunLeftRunning'));
    return told?.error ? failureOfItem(told.error) : new CancelledFailure('The step was cancelled');
  }
}

/** Whether all items run the definition that stands in the step, which is then sent once. */
function sharesDefinition({ spec }: StepRecord, work: StepWork): work is StepWork & { kind: 'pipeline' } {
  return work.kind === 'pipeline' && typeof spec.body.pipeline === 'object';
}

/** Fails those of the units that are in the state. */
function fail(units: readonly Unit[], from: Unit['state'], failure: TemporalFailure): void {
  for (const unit of units) {
    if (unit.state === from)
      Object.assign(unit, { state: 'failed', error: stepErrorOf(failure).error, failure });
  }
}

function tell({ workflow }: OpenSlice, orders: SliceOrders): void {
  // One that has closed meanwhile needs no orders.
  void workflow.signal(sliceOrdersSignal, orders).catch(() => undefined);
}
