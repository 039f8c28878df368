import { randomUUID } from 'node:crypto';
import type { RunParts } from './durations.js';
import type { FinalStatus, RunStatus, Trigger } from './operation.js';

/** One run. Its life is a matter of times, all sandbox milliseconds: nothing ticks. */
export interface Run {
  readonly runId: string;
  readonly projectId: string;
  readonly projectVersion: number;
  readonly trigger: Trigger;
  /** Fingerprint of the token and the user behind it; null for runs that Hex itself started. */
  readonly token: string | null;
  readonly user: string | null;
  /** The ledger's number of the request that created it; null for seeded runs. */
  readonly requestId: number | null;
  /** The start's body as it came; null when there was none. */
  readonly body: unknown;
  readonly inputParams: Record<string, unknown> | null;
  /** Kind of the scripted fault that shaped it. */
  readonly fault: string | null;
  readonly notifications: readonly unknown[];
  readonly createdAt: number;
  /** When it gets its kernel and runs; later than endsAt when it never does. */
  startsAt: number;
  endsAt: number;
  endsAs: FinalStatus;
  /** Times of the cancels that came while it was alive. */
  readonly cancels: number[];
  /** A cancel is taking effect: another one changes nothing. */
  dying: boolean;
  /** Status shown instead of the true one until a time, by a fault. */
  shown: { status: string; until: number } | null;
}

export type NewRun = Pick<
  Run,
  'projectId' | 'projectVersion' | 'trigger' | 'token' | 'user' | 'requestId' | 'body' | 'inputParams'
> & {
  parts: RunParts;
  endsAs: FinalStatus;
  fault?: string | null;
  notifications?: readonly unknown[];
  /** So long ago it was created; for seeded runs. */
  agoMs?: number;
};

/** The true status at a time. */
export function statusAt(run: Run, now: number): RunStatus {
  if (now >= run.endsAt) return run.endsAs;
  return now >= run.startsAt ? 'RUNNING' : 'PENDING';
}

/** Whether a run is pending or running at that time. */
export function isAlive(run: Run, now: number): boolean {
  return now < run.endsAt;
}

/** When it began to run, if it has by now and ever did. */
export function startedAt(run: Run, now: number): number | null {
  const ran = run.startsAt < run.endsAt || (run.startsAt === run.endsAt && ranAtAll(run));
  return ran && run.startsAt <= now ? run.startsAt : null;
}

// A run of no length (instant mode) did run; one that was killed or refused a kernel at that moment did not.
function ranAtAll(run: Run): boolean {
  return run.endsAs === 'COMPLETED' || run.endsAs === 'ERRORED';
}

/** All runs of one sandbox. */
export class RunStore {
  readonly #byId = new Map<string, Run>();
  readonly #byProject = new Map<string, Run[]>();
  // Runs that may be alive: pruned when counted, and when it has doubled since.
  readonly #live = new Set<Run>();
  #pruneAt = 1_024;

  create(input: NewRun, now: number): Run {
    const { parts, endsAs, agoMs = 0, fault = null, notifications = [], ...rest } = input;
    const createdAt = now - agoMs;
    const endsAt = createdAt + parts.pendingMs + parts.runningMs;
    const run: Run = {
      ...rest,
      runId: randomUUID(),
      fault,
      notifications,
      createdAt,
      // A run that finds no kernel stays PENDING to its end.
      startsAt:
        endsAs === 'UNABLE_TO_ALLOCATE_KERNEL' ? Number.POSITIVE_INFINITY : createdAt + parts.pendingMs,
      endsAt,
      endsAs,
      cancels: [],
      dying: false,
      shown: null,
    };
    this.#byId.set(run.runId, run);
    const siblings = this.#byProject.get(run.projectId) ?? [];
    this.#byProject.set(run.projectId, siblings);
    // Only a seeded run can be older than the last one.
    const older = siblings.findLastIndex((other) => other.createdAt <= createdAt);
    siblings.splice(older + 1, 0, run);
    if (isAlive(run, now)) this.#live.add(run);
    if (this.#live.size >= this.#pruneAt) this.#pruneAt = Math.max(1_024, 2 * this.live(now).length);
    return run;
  }

  /** A run by its id, if it belongs to the project. */
  get(projectId: string, runId: string): Run | null {
    const run = this.#byId.get(runId);
    return run?.projectId === projectId ? run : null;
  }

  find(runId: string): Run | null {
    return this.#byId.get(runId) ?? null;
  }

  /** The runs of a project, oldest first. */
  ofProject(projectId: string): readonly Run[] {
    return this.#byProject.get(projectId) ?? [];
  }

  all(): Iterable<Run> {
    return this.#byId.values();
  }

  live(now: number): Run[] {
    for (const run of this.#live) {
      if (!isAlive(run, now)) this.#live.delete(run);
    }
    return [...this.#live];
  }

  /**
   * Asks a living run to stop `afterMs` from now, unless it ends by itself before; `ignored` = noted, without effect.
   */
  cancel(run: Run, now: number, afterMs: number, ignored: boolean): void {
    run.cancels.push(now);
    if (ignored || run.dying) return;
    run.dying = true;
    if (now + afterMs < run.endsAt) {
      run.endsAt = now + afterMs;
      run.endsAs = 'KILLED';
    }
  }

  /** Ends a living run at once. */
  end(run: Run, now: number, status: FinalStatus): void {
    if (!isAlive(run, now)) return;
    const neverRan = status === 'KILLED' || status === 'UNABLE_TO_ALLOCATE_KERNEL';
    if (run.startsAt > now && !neverRan) run.startsAt = now;
    run.endsAt = now;
    run.endsAs = status;
  }

  /** The next moment at which any run changes its status by itself; null = none will. */
  nextTransition(now: number): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const run of this.live(now)) {
      for (const at of [run.startsAt, run.endsAt]) {
        if (at > now && at < next) next = at;
      }
    }
    return Number.isFinite(next) ? next : null;
  }
}
