import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  type ParentWorkflowInfo,
  workflowInfo,
} from '@temporalio/workflow';
import { jsonSize } from '../../base/json.js';
import { type ChildProgress, pollNowSignal, sliceProgressSignal } from '../../contract/messages.js';
import type { ItemEnd, SliceInput, SliceOrders, SliceResult, Surroundings } from '../../contract/slice.js';
import { slimError, slimItem } from '../../pipeline/execution/bound-results.js';
import type { StepResult } from '../../pipeline/execution/result.js';
import { statesAsText } from '../../pipeline/execution/slices.js';
import type { StepWork } from '../../pipeline/plan/step-work.js';
import { ChildStarts } from '../pipeline/child-starts.js';
import type { NotifyOfStep, UnitContext } from '../pipeline/context.js';
import { OtherQueues } from '../pipeline/other-queues.js';
import { Semaphore } from '../pipeline/semaphore.js';
import { newStep, newUnit, type StepRecord, stateOfUnits, type Unit, waitOf } from '../pipeline/state.js';
import { cancellingOthers, endCancelled, runLanes, runUnit } from '../pipeline/units.js';
import { noteProgress } from '../pipeline/waits.js';

/** Beyond it, items with many attempts are left to another slice. Temporal ends a workflow at 51,200 events. */
const MOST_EVENTS = 25_000;
/** The pipeline is told of changes after so long a pause: a tenth of the age, so that its history stays short. */
const SHORTEST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 600_000;

/** Runs the items of a slice, and tells the pipeline above how they stand. */
export class SliceExecution implements UnitContext {
  readonly surroundings: Surroundings;
  readonly semaphore: Semaphore;
  readonly childStarts = new ChildStarts();
  readonly otherQueues = new OtherQueues();
  paused: object | null = null;

  private readonly parent: ParentWorkflowInfo;
  private readonly step: StepRecord;
  private readonly units: Unit[];
  private readonly works: ReadonlyMap<Unit, StepWork>;
  private readonly atOnce: number | null;
  private readonly resultBytes: number;
  private readonly startedAtMs = Date.now();
  /** Units that have not begun. */
  private line: Unit[];
  private places: number | null;
  /** Bytes of the results so far. */
  private bytes = 0;
  private truncated = false;
  /** Something has changed of which the pipeline has not been told. */
  private changed = false;
  /** One has failed, which may concern other slices. */
  private urgent = false;

  constructor(input: SliceInput, parent: ParentWorkflowInfo) {
    const { step, surroundings, items, atOnce, places, paused, definition, resultBytes } = input;
    this.surroundings = surroundings;
    this.parent = parent;
    this.resultBytes = resultBytes;
    this.step = newStep(step);
    this.atOnce = atOnce;
    this.places = places;
    this.semaphore = new Semaphore(places);
    this.units = items.map(({ index, attempts }) => ({
      ...newUnit(`${step.id}/${index}`, index, null),
      attempts,
    }));
    this.works = new Map(
      this.units.flatMap((unit, at) => {
        const work = items[at]?.work;
        return work ? [[unit, withDefinition(work, definition)]] : [];
      }),
    );
    this.line = [...this.units];
    this.obey({ paused });
  }

  /** Runs all items, unless somebody stops it. */
  async toEnd(): Promise<SliceResult> {
    const telling = new CancellationScope();
    telling.run(() => this.tellOfChanges()).catch(() => undefined);
    await this.runItems();
    telling.cancel();
    return this.result(CancellationScope.current().consideredCancelled);
  }

  /** What a child tells of its run. */
  note(told: ChildProgress): void {
    const unit = this.units.find(({ key }) => key === told.step);
    if (!unit) return;
    noteProgress(unit, told);
    this.changed = true;
  }

  /** Orders of the pipeline above. */
  obey({ places, paused, stop, retryNow = [], pollNow = [] }: SliceOrders): void {
    if (paused !== undefined) {
      this.paused = paused ? {} : null;
      this.semaphore.pause(paused);
    }
    for (; this.places !== null && places !== undefined && this.places < places; this.places++)
      this.semaphore.release();
    if (stop) this.line.length = 0;
    for (const { state, index, resolve } of this.units) {
      if (state === 'retrying' && retryNow.includes(index ?? 0))
        resolve?.({ to: 'retry', by: this.surroundings.name, reason: null });
    }
    for (const { state, index, workflowId } of this.units) {
      if (state === 'running' && workflowId && pollNow.includes(index ?? 0))
        // A run that has ended meanwhile needs no read.
        void getExternalWorkflowHandle(workflowId)
          .signal(pollNowSignal)
          .catch(() => undefined);
    }
  }

  workOf(_step: StepRecord, unit: Unit): StepWork {
    const work = this.works.get(unit);
    if (!work) throw new Error(`Nothing is known of ${unit.key}`);
    return work;
  }

  move(step: StepRecord, unit: Unit, state: Unit['state'], waitingFor: string | null = null): void {
    unit.state = state;
    unit.waitingFor = waitingFor;
    step.state = stateOfUnits(this.units);
    this.changed = true;
    if (state === 'success') this.bound(unit);
    if (state === 'failed' && step.spec.onFailure !== 'continue') this.urgent = true;
  }

  /** Approvals, of which alone a unit notifies, have no slices. */
  readonly notify: NotifyOfStep = () => undefined;

  /** The pipeline does, once it is told of the failure. */
  cancelSiblings(): void {}

  now(): string {
    return new Date().toISOString();
  }

  private async runItems(): Promise<void> {
    const { step, line } = this;
    const { onFailure, cancelSiblings } = step.spec;
    const scope = CancellationScope.current();
    const run = cancelSiblings ? cancellingOthers(this, step) : runUnit;
    const next = () =>
      scope.consideredCancelled || workflowInfo().historyLength > MOST_EVENTS ? undefined : line.shift();
    const atOnce = Math.min(this.atOnce ?? line.length, line.length);
    this.childStarts.expect(atOnce);
    await runLanes(atOnce, async () => {
      for (let unit = next(); unit; unit = next()) {
        try {
          await run(this, step, unit);
        } catch (error) {
          endCancelled(this, step, unit, error);
        }
        if (unit.state === 'failed' && onFailure !== 'continue') line.length = 0;
      }
    });
  }

  private async tellOfChanges(): Promise<void> {
    for (;;) {
      const pauseMs = Math.max(SHORTEST_PAUSE_MS, (Date.now() - this.startedAtMs) / 10);
      await condition(() => this.urgent, Math.round(Math.min(LONGEST_PAUSE_MS, pauseMs)));
      await condition(() => this.changed);
      this.changed = false;
      this.urgent = false;
      await getExternalWorkflowHandle(this.parent.workflowId, this.parent.runId)
        .signal(sliceProgressSignal, {
          step: this.step.spec.id,
          first: this.units[0]?.index ?? 0,
          states: statesAsText(this.units.map(({ state, run }) => ({ state, begun: run !== null }))),
          waitingFor: waitOf(this.step),
        })
        .catch(() => undefined); // It has closed, and this slice will be cancelled.
    }
  }

  /** Cuts the results down when they have become too large together. */
  private bound(unit: Unit): void {
    this.bytes += jsonSize(unit.result);
    if (this.bytes <= this.resultBytes) return;
    for (const one of this.truncated ? [unit] : this.units) {
      if (one.result) one.result = slimItem(one.result as never) as unknown as StepResult;
    }
    this.truncated = true;
  }

  private result(cancelled: boolean): SliceResult {
    return {
      items: this.units.map(endOf),
      ...(this.truncated && { truncated: true }),
      ...(cancelled && { cancelled }),
    };
  }
}

function withDefinition(work: StepWork, definition: SliceInput['definition']): StepWork {
  return work.kind === 'pipeline' && definition ? { ...work, pipeline: definition } : work;
}

function endOf({ index, state, attempts, result, error, untaken }: Unit): ItemEnd {
  return {
    index: index ?? 0,
    state,
    attempts,
    ...(result && { result }),
    ...(error && { error: slimError(error) }),
    ...(untaken !== null && { untaken }),
  };
}
