import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  patched,
  TemporalFailure,
  upsertMemo,
} from '@temporalio/workflow';
import { isOfType } from '../../contract/failure.js';
import { memo } from '../../contract/memo.js';
import type { Surroundings } from '../../contract/slice.js';
import type { PipelineRequest } from '../../pipeline/definition/spec.js';
import { runsAfterFailures } from '../../pipeline/definition/trigger-rules.js';
import { type BoundResults, boundResults } from '../../pipeline/execution/bound-results.js';
import type { AuditEntry, LeftRun, StepResult } from '../../pipeline/execution/result.js';
import {
  isFinal,
  type Move,
  nextMoves,
  outcomeOf,
  reopened,
  type Statuses,
  type StepState,
} from '../../pipeline/execution/scheduler.js';
import { needsSlices } from '../../pipeline/execution/slices.js';
import type { Plan } from '../../pipeline/plan/plan.js';
import type { PreparedPipeline } from '../../pipeline/plan/prepare.js';
import type { StepWork } from '../../pipeline/plan/step-work.js';
import type { RunNotifyEvent } from '../../run/notify.js';
import type { RunScope } from '../../run/scope.js';
import { ChildStarts } from './child-starts.js';
import type { NotifyOfStep, StepContext } from './context.js';
import { leftOnPurpose, stepErrorOf } from './failures.js';
import { foretellAfter } from './foretell.js';
import { OtherQueues, withUntaken } from './other-queues.js';
import type { PreparedExecution } from './prepared.js';
import { Semaphore } from './semaphore.js';
import {
  type Decision,
  type Ending,
  newStep,
  reopen,
  type StepRecord,
  scopesOf,
  stateOfUnits,
  stepResult,
  type Unit,
} from './state.js';
import { endingBy, runStep } from './step.js';
import { surroundingsOf, unitWork } from './unit-work.js';

/** Who stopped new steps from starting. */
export interface Pause {
  by: string;
  reason: string | null;
  at: string;
}

const EVENT_OF: { [state in StepState]?: RunNotifyEvent } = {
  success: 'success',
  failed: 'failure',
  cancelled: 'cancelled',
};
const WORDS_OF = { success: 'succeeded', failure: 'failed', cancelled: 'was cancelled' } as const;

/** Runs a plan: starts what can start, until every step has ended. */
export class PipelineExecution implements StepContext {
  readonly plan: Plan;
  readonly pipeline: PreparedPipeline;
  readonly run: RunScope;
  readonly prepared: PreparedExecution;
  readonly notify: NotifyOfStep;
  readonly semaphore: Semaphore;
  readonly childStarts = new ChildStarts();
  readonly otherQueues = new OtherQueues();
  readonly steps: ReadonlyMap<string, StepRecord>;
  /** What templates may read. The steps are looked at only when a template asks for them. */
  readonly templateScope: Record<string, unknown>;
  readonly startedAtMs = Date.now();
  cancelling = false;
  /** Nothing is started or controlled any more. */
  ended = false;

  private readonly entries: AuditEntry[] = [];
  private pausedBy: Pause | null = null;
  private readonly units = new Map<string, { step: StepRecord; unit: Unit }>();
  private readonly open = new Set<Promise<void>>();
  /** Failed steps in the order of their failure. */
  private readonly failures = new Set<StepRecord>();
  private scope: CancellationScope | null = null;
  private traceDue = false;
  /** Items of fan-outs that it runs by itself. */
  private itemsByItself = 0;
  private finish: (error?: unknown) => void = () => {};

  constructor(prepared: PreparedExecution, notify: NotifyOfStep) {
    this.prepared = prepared;
    this.plan = prepared.plan;
    this.pipeline = prepared.pipeline;
    this.run = prepared.run;
    this.notify = notify;
    this.semaphore = new Semaphore(prepared.plan.spec.maxParallel);
    this.steps = new Map(prepared.plan.spec.steps.map((spec) => [spec.id, newStep(spec)]));
    this.templateScope = { params: prepared.pipeline.params, run: prepared.run, steps: scopesOf(this.steps) };
    this.reuseResults(prepared.request.reuse);
  }

  /** Runs to the end. Throws when it is cancelled, after everything has been cleaned up. */
  async toEnd(): Promise<'success' | 'failed'> {
    this.scope = CancellationScope.current();
    const done = new Promise<void>((resolve, reject) => {
      this.finish = (error) => {
        this.ended = true;
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    this.childStarts.expect(this.steps.size);
    this.advance();
    try {
      await Promise.race([done, this.scope.cancelRequested]);
    } catch (error) {
      if (!this.scope.consideredCancelled) throw error;
      await this.drain();
      throw error instanceof CancelledFailure ? error : new CancelledFailure('The pipeline was cancelled');
    }
    return this.failures.size > 0 ? 'failed' : 'success';
  }

  /** Starts what can start, and ends what cannot any more. */
  advance(): void {
    if (!this.scope || this.cancelling || this.ended) return;
    const moves = nextMoves(this.plan, this.statuses());
    for (const move of moves) {
      const step = this.steps.get(move.id);
      if (!step) continue;
      if (move.to === 'start') this.start(step, this.scope);
      else this.ruleOut(step, move);
    }
    if (outcomeOf(this.plan, (id) => this.statusOf(id)) !== 'running') this.finish();
    else if (!moves.some(({ to }) => to === 'start')) this.leaveTrace();
  }

  statuses(): Statuses {
    return {
      statusOf: (id) => this.statusOf(id),
      stoppedBy: this.stoppedBy(),
      paused: this.paused !== null,
    };
  }

  firstFailed(): StepRecord | null {
    return this.failures.values().next().value ?? null;
  }

  /** A run could not be cancelled in Hex, which a quiet Canceled would hide. */
  cleanupFailed(): boolean {
    return [...this.steps.values()].some(({ error }) => isOfType(error, 'HexCleanupFailed'));
  }

  /** Runs that may be going on in Hex, by what the last attempts have told. */
  leftRunning(): LeftRun[] {
    return [...this.units.values()].flatMap(({ unit }) => unit.error?.leftRunning ?? []);
  }

  /**
   * A step has failed, or an item of it that will not be tried again: what runs beside it is cancelled where that was
   * asked for.
   */
  cancelSiblings(failed: StepRecord): void {
    if (!failed.spec.cancelSiblings || this.cancelling) return;
    for (const step of this.steps.values()) {
      if (step === failed || !step.scope || step.decision || runsAfterFailures(step.spec.triggerRule))
        continue;
      step.decision = { to: 'failed', by: 'the pipeline', reason: `${failed.spec.id} failed` };
      step.scope.cancel();
    }
  }

  get surroundings(): Surroundings {
    return surroundingsOf(this.prepared);
  }

  workOf({ spec }: StepRecord, unit: Unit): StepWork {
    return unitWork(this.prepared, this.templateScope, spec, unit);
  }

  inSlices({ spec }: StepRecord, items: number): boolean {
    const sliced =
      spec.kind !== 'approval' && needsSlices(items, this.itemsByItself) && patched('items-in-slices');
    if (!sliced) this.itemsByItself += items;
    return sliced;
  }

  results(): BoundResults {
    return boundResults(Object.fromEntries([...this.steps].map(([id, step]) => [id, stepResult(step)])));
  }

  unit(key: string): { step: StepRecord; unit: Unit } | undefined {
    return this.units.get(key);
  }

  register(step: StepRecord, unit: Unit): Unit {
    this.units.set(unit.key, { step, unit });
    return unit;
  }

  /** Moves a unit, and with it its step, to another state. */
  move(step: StepRecord, unit: Unit, state: Unit['state'], waitingFor: string | null = null): void {
    unit.state = state;
    unit.waitingFor = waitingFor;
    step.state = stateOfUnits(step.units ?? [unit]);
  }

  now(): string {
    return new Date().toISOString();
  }

  /** What people have decided, in order. */
  get audit(): AuditEntry[] {
    return [...this.entries];
  }

  record(entry: Omit<AuditEntry, 'at'>): void {
    this.entries.push({ at: this.now(), ...entry });
  }

  get paused(): Pause | null {
    return this.pausedBy;
  }

  /** Starts no further step; those that run go on. */
  pause(by: string, reason: string | null): void {
    this.pausedBy = { by, reason, at: this.now() };
    this.pauseItems(true);
    this.foretellAnew();
  }

  resume(): void {
    this.pausedBy = null;
    this.pauseItems(false);
    this.advance();
    this.foretellAnew();
  }

  /** Carries a person's decision out, whatever the step is doing. */
  decide(step: StepRecord, decision: Decision): void {
    if (step.resolve) {
      step.resolve(decision);
      return;
    }
    if (isFinal(step.state)) this.takeBack(step);
    step.decision = decision;
    if (step.scope) {
      step.scope.cancel();
      return;
    }
    this.settle(step, endingBy(this, decision, step.units?.[0] ?? null));
    this.advance();
    this.foretellAnew();
  }

  /** Starts a step that has ended once more, as soon as it may start. */
  tryAgain(step: StepRecord): void {
    this.takeBack(step);
    this.advance();
  }

  private pauseItems(paused: boolean): void {
    this.semaphore.pause(paused);
    for (const { slices, units } of this.steps.values()) slices?.order(units ?? [], () => ({ paused }));
  }

  /** Takes a step that has ended back, and with it all steps that never ran because of it. */
  private takeBack(step: StepRecord): void {
    const ruledOut = (id: string) => this.steps.get(id)?.ruledOut ?? false;
    const later = reopened(this.plan, step.spec.id, (id) => this.statusOf(id), ruledOut);
    const stopped = [...this.steps.values()].filter((one) => one.stopped).map(({ spec }) => spec.id);
    this.failures.delete(step);
    for (const id of [step.spec.id, ...later, ...stopped]) {
      const one = this.steps.get(id);
      if (one) reopen(one);
    }
  }

  /**
   * A workflow task without any command is taken together with the next one when a worker has to replay. An Update in
   * that next task is then looked at before what the first one brought, and would be refused for a state that is past.
   * So whenever a step ends and none starts, there is a command: one event, a note in the memo.
   */
  private leaveTrace(): void {
    if (this.traceDue) return;
    this.traceDue = true;
    void Promise.resolve().then(() => {
      this.traceDue = false;
      if (this.ended || this.cancelling) return;
      const ended = [...this.steps.values()].filter(({ state }) => isFinal(state)).length;
      upsertMemo(memo({ hexStepsEnded: ended }));
    });
  }

  /** What begins after this step, where children need not wait for each other. */
  private foretell({ spec }: StepRecord): void {
    if (!this.childStarts.inTurn) foretellAfter(this.prepared, spec, this.statuses());
  }

  /** What begins after the steps that run, once that has changed. */
  private foretellAnew(): void {
    for (const step of this.steps.values()) {
      if (step.scope) this.foretell(step);
    }
  }

  private statusOf(id: string): { state: StepState; stopped: boolean } {
    return this.steps.get(id) ?? { state: 'waiting', stopped: false };
  }

  private stoppedBy(): string | null {
    for (const { spec } of this.failures) {
      if (spec.onFailure !== 'continue') return spec.id;
    }
    return null;
  }

  private start(step: StepRecord, parent: CancellationScope): void {
    const scope = new CancellationScope({ cancellable: true, parent });
    step.scope = scope;
    step.state = 'queued';
    step.startedAtMs ??= Date.now();
    this.foretell(step);
    const work = this.carryOut(step, scope).finally(() => this.open.delete(work));
    this.open.add(work);
  }

  private async carryOut(step: StepRecord, scope: CancellationScope): Promise<void> {
    try {
      this.settle(step, await scope.run(() => runStep(this, step)));
    } catch (error) {
      // A bug in this package must fail the workflow task, whatever the steps do.
      if (!(error instanceof TemporalFailure)) return this.finish(error);
      this.settle(step, this.endingOf(step, scope, error));
    }
    this.advance();
  }

  /** The outcome of a step whose work threw. */
  private endingOf(step: StepRecord, scope: CancellationScope, error: TemporalFailure): Ending {
    const cancelled = scope.consideredCancelled;
    const left = leftOnPurpose(error);
    const told = { error: stepErrorOf(error).error, failure: error };
    // A clean-up that failed must be told, whoever asked for the cancel.
    if (!cancelled || !(left || isCancellation(error))) return { state: 'failed', ...told };
    const ending: Ending = step.decision ? endingBy(this, step.decision, null) : { state: 'cancelled' };
    return left ? { ...ending, ...told } : withUntaken(ending, step);
  }

  private settle(step: StepRecord, { state, reason, result, error, failure }: Ending): void {
    step.state = state;
    step.reason = reason ?? null;
    step.result = result ?? null;
    step.error = error ?? null;
    step.failure = failure ?? null;
    step.scope = null;
    step.startedAtMs ??= Date.now();
    step.endedAtMs = Date.now();
    this.notifyOfEnd(step);
    if (state !== 'failed' && (state !== 'cancelled' || this.cancelling)) return;
    this.failures.add(step);
    this.cancelSiblings(step);
    if (step.spec.onFailure !== 'continue') this.foretellAnew();
  }

  private notifyOfEnd(step: StepRecord): void {
    const { state, reason, error, spec } = step;
    const event = EVENT_OF[state];
    const why = error ? `: ${error.type}: ${error.message}` : reason === null ? '' : `: ${reason}`;
    if (event) this.notify(step, event, `Step "${spec.id}" ${WORDS_OF[event]}${why}`);
  }

  private ruleOut(step: StepRecord, { to, reason, stopped }: Move): void {
    step.state = to === 'start' ? step.state : to;
    step.reason = reason;
    step.stopped = stopped;
    step.ruledOut = true;
  }

  /** The pipeline is cancelled: waits until every step has cleaned up. */
  private async drain(): Promise<void> {
    this.cancelling = true;
    for (const step of this.steps.values()) {
      if (step.state === 'waiting')
        this.ruleOut(step, {
          id: step.spec.id,
          to: 'skipped',
          reason: 'the pipeline was cancelled',
          stopped: true,
        });
    }
    await Promise.all(this.open);
  }

  /** Steps that were good in an earlier execution. */
  private reuseResults(reuse: PipelineRequest['reuse']): void {
    for (const [id, { result, complete = true }] of Object.entries(reuse)) {
      const step = this.steps.get(id);
      if (!step) continue;
      const taken = result as unknown as StepResult & { items?: Record<string, StepResult> };
      if (!complete) step.reusedItems = taken.items ?? {};
      else Object.assign(step, { state: 'success', result: taken, reused: true });
    }
  }
}
