import type { CancellationScope } from '@temporalio/workflow';
import type { JsonValue } from '../../base/json.js';
import type { SliceOrders, SliceProgress } from '../../contract/slice.js';
import { resultFields } from '../../pipeline/definition/result-fields.js';
import type { StepSpec } from '../../pipeline/definition/spec.js';
import { endByRate, type Foreseen } from '../../pipeline/execution/expected-end.js';
import type { StepError, StepProgress, StepResult } from '../../pipeline/execution/result.js';
import { isFinal, type StepState } from '../../pipeline/execution/scheduler.js';
import type { UnitState } from '../../pipeline/execution/slices.js';
import { type Expected, toExpectedEnd } from '../../run/expected-end.js';

/** What a person decided on a step. */
export interface Decision {
  to: 'retry' | 'success' | 'skipped' | 'failed';
  by: string;
  reason: string | null;
}

/** One thing to run: a step, or an item of a fan-out. */
export interface Unit {
  /** `step`, or `step/index`. The id of its child workflow ends so. */
  key: string;
  item: JsonValue;
  index: number | null;
  state: UnitState;
  attempts: number;
  /** Why it waits, in words. */
  waitingFor: string | null;
  workflowId: string | null;
  /** That no worker ever took its workflow up, which was therefore ended; in words. */
  untaken: string | null;
  run: { runId: string; runUrl: string | null } | null;
  /** Whether its run in Hex has begun, where only that is known. */
  begun: boolean;
  /** When its run is expected to have ended, by what that has told; ms since 1970. */
  expectedEnd: Expected | null;
  result: StepResult | null;
  error: StepError | null;
  /** What was thrown, for the cause of the pipeline's failure. */
  failure: Error | null;
  /** Resolves the wait of a unit with a person's decision. */
  resolve: ((decision: Decision) => void) | null;
}

/** The slices of a long fan-out, which run its items. */
export interface RunningSlices {
  /** Runs all units that are still to be run. Throws only when the step is cancelled, after all slices have cleaned up. */
  run(units: readonly Unit[]): Promise<void>;
  /** What a slice tells. */
  note(told: SliceProgress): void;
  /** Passes orders on to the slices that have the items. */
  order(units: readonly Unit[], orders: (indices: number[]) => SliceOrders): void;
}

/** How a step stands. */
export interface StepRecord {
  spec: StepSpec;
  state: StepState;
  /** Not started because the pipeline is stopping. */
  stopped: boolean;
  /** Its rule cannot be met any more; undone when an earlier step is tried again. */
  ruledOut: boolean;
  reason: string | null;
  startedAtMs: number | null;
  endedAtMs: number | null;
  units: Unit[] | null;
  /** Null where the pipeline runs all units by itself. */
  slices: RunningSlices | null;
  /** Whether results of items have been cut, because they were too large together. */
  truncated: boolean;
  result: StepResult | null;
  error: StepError | null;
  failure: Error | null;
  reused: boolean;
  /** Results of items that were good in an earlier execution, by index. */
  reusedItems: Record<string, StepResult>;
  /** Cancels what the step is doing. */
  scope: CancellationScope | null;
  /** How the step ends once its work has been cancelled. */
  decision: Decision | null;
  /** Resolves the wait of a step with a person's decision. */
  resolve: ((decision: Decision) => void) | null;
}

/** How a step has ended. */
export interface Ending {
  state: StepState;
  reason?: string;
  result?: StepResult;
  error?: StepError | null;
  failure?: Error | null;
}

/** A step that has not started. */
export function newStep(spec: StepSpec): StepRecord {
  return {
    spec,
    state: 'waiting',
    stopped: false,
    ruledOut: false,
    reason: null,
    startedAtMs: null,
    endedAtMs: null,
    units: null,
    slices: null,
    truncated: false,
    result: null,
    error: null,
    failure: null,
    reused: false,
    reusedItems: {},
    scope: null,
    decision: null,
    resolve: null,
  };
}

/** A unit that has not started. */
export function newUnit(key: string, index: number | null, item: JsonValue): Unit {
  return {
    key,
    item,
    index,
    state: 'waiting',
    attempts: 0,
    waitingFor: null,
    workflowId: null,
    untaken: null,
    run: null,
    begun: false,
    expectedEnd: null,
    result: null,
    error: null,
    failure: null,
    resolve: null,
  };
}

/** Takes a step back to before it was tried; what its items have achieved stays. */
export function reopen(step: StepRecord): void {
  step.state = 'waiting';
  step.stopped = false;
  step.ruledOut = false;
  step.reason = null;
  step.endedAtMs = null;
  step.error = null;
  step.failure = null;
  step.decision = null;
}

/** The result of a step, whatever has become of it. */
export function stepResult(step: StepRecord): StepResult {
  if (step.result) return step.result;
  const { units, error, reason, spec } = step;
  if (spec.forEach !== null && units && units.length > 0) return fanOutResult(units, step.truncated);
  return {
    success: false,
    status: step.state.toUpperCase(),
    ...(reason !== null && { reason }),
    ...(error && { error }),
  };
}

/** The result of a fan-out, as its items stand. */
export function fanOutResult(units: readonly Unit[], truncated: boolean): StepResult {
  const succeeded = units.filter(({ state }) => state === 'success').length;
  return {
    success: succeeded === units.length,
    status: succeeded === units.length ? 'COMPLETED' : 'FAILED',
    count: units.length,
    succeeded,
    failed: units.filter(({ state }) => state === 'failed').length,
    items: units.map(
      ({ result, state, error }) =>
        result ?? { success: false, status: state.toUpperCase(), ...(error && { error }) },
    ),
    ...(truncated && { truncated: true as const }),
  };
}

/** What templates read of all steps. Each is looked at only when a template asks for it. */
export function scopesOf(steps: ReadonlyMap<string, StepRecord>): Record<string, unknown> {
  const scopes = {};
  for (const [id, step] of steps) {
    Object.defineProperty(scopes, id, { enumerable: true, get: () => scopeOf(step) });
  }
  return scopes;
}

/** What templates read of a step: every field that its kind may have, those it does not have as null. */
function scopeOf(step: StepRecord): Record<string, unknown> {
  const scope: Record<string, unknown> = {};
  for (const field of resultFields(step.spec)) scope[field] = null;
  Object.assign(scope, stepResult(step));
  scope.state = step.state;
  scope.error = step.error;
  scope.attempts = attemptsOf(step);
  return scope;
}

function attemptsOf({ units }: StepRecord): number {
  return units?.reduce((sum, { attempts }) => Math.max(sum, attempts), 0) ?? 0;
}

function hasBegun({ run, begun }: Unit): boolean {
  return run !== null || begun;
}

/** A unit whose run in Hex has not begun, and waits for something. */
function isInLine(unit: Unit, { kind }: StepSpec): boolean {
  return unit.state === 'running' && unit.waitingFor !== null && !hasBegun(unit) && kind === 'hex';
}

/** A step stands as the liveliest of its units. */
export function stateOfUnits(units: readonly Unit[]): StepState {
  for (const state of ['running', 'approval', 'retrying', 'queued'] as const) {
    if (units.some((unit) => unit.state === state)) return state;
  }
  return 'running';
}

/**
 * The units of a step that are in line. Of a fan-out only the first says so, and the others cost nothing while they wait:
 * where it is in line, so are all of which nothing has been heard.
 */
function inLineOf({ units, spec }: StepRecord): Unit[] {
  const unheard = units?.filter((unit) => unit.state === 'running' && !hasBegun(unit)) ?? [];
  return unheard.some((unit) => isInLine(unit, spec)) ? unheard : [];
}

/** How a step stands, as people see it: one that is in line does not run. */
export function shownState(step: StepRecord): StepState {
  const inLine = inLineOf(step);
  if (step.state !== 'running' || inLine.length === 0) return step.state;
  return step.units?.some((unit) => unit.state === 'running' && hasBegun(unit)) ? 'running' : 'queued';
}

/** What the first of the units that wait waits for, in words; null where none does. */
export function waitOf({ spec, units }: StepRecord): string | null {
  if (spec.forEach === null) return units?.[0]?.waitingFor ?? null;
  return units?.find((unit) => unit.state === 'running' && unit.waitingFor)?.waitingFor ?? null;
}

/** When the runs of a step are expected to have ended; null where one of them has not told. */
export function expectedEndOfRuns({ state, units }: StepRecord): Expected | null {
  const open = units?.filter((unit) => unit.state !== 'success') ?? [];
  if (state !== 'running' || open.length === 0) return null;
  const ends = open.flatMap(({ expectedEnd }) => (expectedEnd ? [expectedEnd] : []));
  if (ends.length < open.length) return null;
  return [Math.max(...ends.map(([p50]) => p50)), Math.max(...ends.map(([, p90]) => p90))];
}

/** When a fan-out is expected to have ended, by how fast its items end; null where that is not known. */
export function expectedEndOfItems({ state, spec, units, startedAtMs }: StepRecord): Expected | null {
  if (state !== 'running' || spec.forEach === null || !units || startedAtMs === null) return null;
  const ended = units.filter((unit) => isFinal(unit.state));
  // What a rerun takes over was not run now.
  const ran = ended.filter(({ attempts }) => attempts > 0).length;
  return endByRate(startedAtMs, ran, units.length - ended.length, Date.now());
}

/** When a step is expected to have ended: by its runs, or else by how fast its items end. */
export const expectedEndOfStep: EndOfStep = (step) => expectedEndOfRuns(step) ?? expectedEndOfItems(step);

/** Null where it is not known. */
export type EndOfStep = (step: StepRecord) => Expected | null;

/** A step as people see it. `waitingFor` and `foreseen` are of a step that was not started. */
export function stepProgress(
  step: StepRecord,
  waitingFor: string | null,
  foreseen: Foreseen | undefined,
): StepProgress {
  const { spec, units, startedAtMs, endedAtMs, reason, error, result } = step;
  const single = spec.forEach === null ? units?.[0] : undefined;
  const ran = result && 'runId' in result ? result : null;
  const { projectId, connection } = spec.body;
  const waits = isFinal(step.state) ? null : (waitOf(step) ?? waitingFor);
  const begins = step.state === 'waiting' && foreseen?.end ? foreseen.ready : null;
  const expectedEnd = begins ? foreseen?.end : expectedEndOfStep(step);
  return {
    id: spec.id,
    status: shownState(step),
    kind: spec.kind,
    dependsOn: spec.dependsOn,
    projectId: ran?.projectId ?? (typeof projectId === 'string' ? projectId : null),
    ...(typeof connection === 'string' && connection !== 'default' && { connection }),
    workflowId: single?.workflowId ?? null,
    runId: ran?.runId ?? error?.runId ?? single?.run?.runId ?? null,
    runUrl: ran?.runUrl ?? error?.runUrl ?? single?.run?.runUrl ?? null,
    startedAt: startedAtMs === null ? null : new Date(startedAtMs).toISOString(),
    endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
    elapsedMs: startedAtMs === null ? null : (endedAtMs ?? Date.now()) - startedAtMs,
    attempts: attemptsOf(step),
    ...(waits && { waitingFor: waits }),
    ...(begins && { expectedStart: new Date(begins[0]).toISOString() }),
    ...(expectedEnd && { expectedEnd: toExpectedEnd(expectedEnd) }),
    ...(reason !== null && { reason }),
    ...(error && { error }),
    ...(units && spec.forEach !== null && { items: itemCounts(units, inLineOf(step).length) }),
    ...(step.reused && { reused: true }),
  };
}

function itemCounts(units: readonly Unit[], inLine: number): NonNullable<StepProgress['items']> {
  const count = (state: Unit['state']) => units.filter((unit) => unit.state === state).length;
  return {
    total: units.length,
    succeeded: count('success'),
    failed: count('failed'),
    running: count('running') - inLine,
  };
}
