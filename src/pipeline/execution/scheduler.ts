import type { StepSpec } from '../definition/spec.js';
import { evaluateRule, runsAfterFailures, type UpstreamCounts } from '../definition/trigger-rules.js';
import type { Plan } from '../plan/plan.js';

/**
 * How a step stands. `queued`: for a place under `maxParallel`, or in line under Hex's limits; `retrying`: until its next attempt; `approval` and
 * `decision`: for a person. The last five are final; `cancelled` counts as a failure.
 */
export type StepState =
  | 'waiting'
  | 'queued'
  | 'running'
  | 'retrying'
  | 'approval'
  | 'decision'
  | 'success'
  | 'failed'
  | 'skipped'
  | 'upstream_failed'
  | 'cancelled';

const FINAL: ReadonlySet<StepState> = new Set([
  'success',
  'failed',
  'skipped',
  'upstream_failed',
  'cancelled',
]);

/** Whether a step in this state has ended. */
export function isFinal(state: StepState): boolean {
  return FINAL.has(state);
}

/**
 * How a pipeline stands whose steps stand so, before it has ended: it is `queued` when nothing runs and something is in
 * line, and `waiting` when all that is left to it is a person's decision.
 */
export function liveStatusOf(states: Iterable<StepState>): 'running' | 'queued' | 'waiting' {
  const all = new Set(states);
  if (all.has('running') || all.has('retrying')) return 'running';
  if (all.has('queued')) return 'queued';
  return all.has('approval') || all.has('decision') ? 'waiting' : 'running';
}

/** What the scheduler needs to know of a step. */
export interface StepStatus {
  state: StepState;
  /** True when it was not started because the pipeline is stopping. */
  stopped: boolean;
}

/** How all steps stand. */
export interface Statuses {
  statusOf: (id: string) => StepStatus;
  /** The step whose failure stops the pipeline, if any. */
  stoppedBy: string | null;
  /** Nothing is started; what can no longer run is still told so. */
  paused: boolean;
}

/** What becomes of a step now. */
export interface Move {
  id: string;
  to: 'start' | 'skipped' | 'upstream_failed';
  /** Why it does not run. */
  reason: string | null;
  /** True when it does not run because the pipeline is stopping. */
  stopped: boolean;
}

/** Everything that is to happen now: which steps start, and which never will. */
export function nextMoves(plan: Plan, statuses: Statuses): Move[] {
  const { stoppedBy, paused } = statuses;
  const decided = new Map<string, StepStatus>();
  const statusOf = (id: string) => decided.get(id) ?? statuses.statusOf(id);
  const moves: Move[] = [];
  for (const step of plan.order) {
    if (statusOf(step.id).state !== 'waiting') continue;
    const outcome = evaluateRule(step.triggerRule, countUpstream(step, statusOf));
    if (outcome === 'skipped' || outcome === 'upstream_failed') {
      const reason = ruleReason(step, statusOf);
      moves.push({ id: step.id, to: outcome, reason, stopped: false });
      decided.set(step.id, { state: outcome, stopped: false });
    } else if (stoppedBy !== null && !runsAnyway(step, outcome, statusOf)) {
      moves.push({
        id: step.id,
        to: 'skipped',
        reason: `not started, because ${stoppedBy} failed`,
        stopped: true,
      });
      decided.set(step.id, { state: 'skipped', stopped: true });
    } else if (outcome === 'run' && !paused) {
      moves.push({ id: step.id, to: 'start', reason: null, stopped: false });
    }
  }
  return moves;
}

/**
 * Whether a step may still start while the pipeline is stopping: its rule asks for failures, and there was work before
 * it.
 */
function runsAnyway(step: StepSpec, outcome: string, statusOf: (id: string) => StepStatus): boolean {
  if (!runsAfterFailures(step.triggerRule)) return false;
  if (outcome === 'run' && step.dependsOn.length === 0) return step.triggerRule === 'always';
  return !step.dependsOn.every((id) => statusOf(id).stopped);
}

/** How the pipeline as a whole stands. */
export function outcomeOf(plan: Plan, statusOf: Statuses['statusOf']): 'running' | 'success' | 'failed' {
  let failed = false;
  for (const { id } of plan.order) {
    const { state } = statusOf(id);
    if (!isFinal(state)) return 'running';
    if (state === 'failed' || state === 'cancelled') failed = true;
  }
  return failed ? 'failed' : 'success';
}

/** Steps after `id` that never ran because of it, and may run after all now that it is tried again. */
export function reopened(
  plan: Plan,
  id: string,
  statusOf: Statuses['statusOf'],
  ruledOut: (id: string) => boolean,
): string[] {
  const found: string[] = [];
  const open = [...(plan.dependents.get(id) ?? [])];
  const seen = new Set<string>();
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const { state } = statusOf(next);
    if ((state === 'upstream_failed' || state === 'skipped') && ruledOut(next)) {
      found.push(next);
      open.push(...(plan.dependents.get(next) ?? []));
    }
  }
  return found;
}

/** What a waiting step waits for, in words. */
export function waitingFor(step: StepSpec, { statusOf, paused }: Statuses): string {
  const missing = step.dependsOn.filter((id) => !isFinal(statusOf(id).state));
  if (missing.length === 0) return paused ? 'the pipeline is paused' : 'its turn';
  const shown = missing.slice(0, 5).join(', ');
  return missing.length > 5 ? `${shown} and ${missing.length - 5} more` : shown;
}

function countUpstream(step: StepSpec, statusOf: (id: string) => StepStatus): UpstreamCounts {
  const counts = { total: step.dependsOn.length, success: 0, skipped: 0, failed: 0, upstreamFailed: 0 };
  for (const id of step.dependsOn) {
    const { state } = statusOf(id);
    if (state === 'success') counts.success++;
    else if (state === 'skipped') counts.skipped++;
    else if (state === 'failed' || state === 'cancelled') counts.failed++;
    else if (state === 'upstream_failed') counts.upstreamFailed++;
  }
  return counts;
}

function ruleReason(step: StepSpec, statusOf: (id: string) => StepStatus): string {
  const ended = step.dependsOn
    .map((id) => ({ id, state: statusOf(id).state }))
    .filter(({ state }) => isFinal(state))
    .map(({ id, state }) => `${id} ${state}`);
  const shown = ended.slice(0, 5).join(', ');
  return `${step.triggerRule}: ${shown}${ended.length > 5 ? ` and ${ended.length - 5} more` : ''}`;
}
