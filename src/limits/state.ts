import type { Reader, ReadsTold } from './readers.js';
import {
  DEFAULT_SETTINGS,
  type EnvironmentSettings,
  type LimiterSettings,
  type LimitsPatch,
  withSettings,
} from './settings.js';

/** Names of the usual priorities; a lower number goes first. */
export const PRIORITIES = { scheduled: 0, retry: 1, backfill: 2 } as const;

/** A request to start a run. All times are ms since the epoch. */
export interface WaitingRequest {
  /** Unique for one start; a new attempt of the same step takes a new id. */
  requestId: string;
  /** Where the permit is sent. */
  workflowId: string;
  /** First run id of that workflow's chain, which tells it from another workflow of the same id. */
  workflowRunId?: string;
  projectId: string;
  /** Lower goes first. See {@link PRIORITIES}. */
  priority: number;
  /** No other run of the project while this one runs. */
  exclusive?: boolean;
  /** When it first asked: first asked, first served within a priority and a party. */
  at: number;
  /** Its party, with which it shares its turns: see `Turns`. Absent for runs that belong to no pipeline. */
  fairnessKey?: string;
  /** Somebody has moved it to the front, at this time. */
  movedAt?: number;
  /** The pipeline above has asked, for a run that is about to begin: it goes at once or not at all. */
  ahead?: true;
}

/** Somebody moved waiting runs to the front. */
export interface LineMove {
  at: number;
  /** Who, and why; null for no reason given. */
  by: string;
  reason: string | null;
  /** The run, or the pipeline whose steps were moved. */
  workflowId: string;
  /** How many waiting runs that were. */
  runs: number;
}

/** Whose turn it is: each start moves its party's next turn back, by less the more weight it has. */
export interface Shares {
  /** The turn that was served last; a party that comes new begins here, so that nobody saves up turns. */
  at: number;
  /** The next turn of each party that has had more than its share by now. */
  next: Record<string, number>;
}

/** A permit, from the moment it is given until its run has ended. */
export interface HeldSlot extends WaitingRequest {
  grantedAt: number;
  /** Null while the start is outstanding. */
  startedAt: number | null;
  /** Hex's run id, once known. */
  runId: string | null;
  /** When its holder is looked after next. */
  checkAt: number;
  /** The permit is to be sent (again). */
  tell?: boolean;
  /** Hex was asked whether it has the run, since no answer to the start has come. */
  lookedFor?: true;
  /** The run that was seen in Hex before its start was answered: the start has counted since then. */
  seenRunId?: string;
}

/** Starts that Hex refused without counting them: it has no kernel, or cannot do anything. */
export interface Refused {
  kind: 'noKernel' | 'outage';
  /** No permit before this time. */
  until: number;
  /** Until when Hex itself asked to wait; 0 where it did not say. */
  askedUntil: number;
  /** Of the first refusal in a row, and of the last. */
  since: number;
  last: number;
  /** Refusals in a row; those of starts that were on their way together are one. */
  times: number;
  /** What Hex said or did, in words; empty where that is not known. */
  said: string;
}

/** The newest start that Hex refused, for people: `refused` and the back-off end when a start has succeeded. */
export interface LastRefusal {
  kind: 'rate' | 'noKernel' | 'outage';
  at: number;
}

/** Plain JSON: carried over continue-as-new. */
export interface LimiterState {
  settings: LimiterSettings;
  /** What the workers' environment said last; null before any has. */
  environment: EnvironmentSettings | null;
  /** Latest time seen; an earlier one is taken for this. */
  clock: number;
  /** In line order. */
  waiting: WaitingRequest[];
  held: HeldSlot[];
  /** When counted starts were known to have happened, oldest first. */
  starts: number[];
  /** No permit before these times; 0 for none. */
  backOff: { rateUntil: number; kernelUntil: number };
  /** Absent: Hex refuses nothing. */
  refused?: Refused;
  /** Absent: Hex has refused no start yet. */
  lastRefusal?: LastRefusal;
  /** When the token of the connection expires, ISO 8601; null where Hex names no time. Absent: no worker has told. */
  tokenExpiresAt?: string | null;
  /** Since a back-off: one start at a time, until one permitted after this time has succeeded. */
  halfOpen: number | null;
  /** Ids dealt with most recently, so that a late or repeated event does not bring one back. */
  closed: string[];
  /** Whose turn it is. Absent: nobody has had more than others. */
  shares?: Shares;
  /** The newest moves, oldest first. */
  moves?: LineMove[];
  /** The workers that read. Absent: none has told of itself. */
  readers?: Reader[];
  /** Running means (weight 1/5), for forecasts. */
  typical: { runMs: number | null; triggerMs: number | null };
  /** How long runs of a project usually take, ms, as those who asked last have learned. Absent: nobody knew. */
  usual?: Record<string, number>;
}

/** What the limiter is told. The same event twice is harmless. */
export type LimiterEvent =
  /**
   * A request to start a run. Defaults: priority 0 (scheduled), `at` now. When it already has its permit, the permit is
   * sent again. `usualMs`: how long runs of the project usually take, where that is known. `answer`: a word under which
   * the memo is to say at once whether there is a permit, which is not sent then.
   */
  | ({ type: 'acquire'; usualMs?: number; answer?: string } & Omit<WaitingRequest, 'priority' | 'at'> & {
        priority?: number;
        at?: number;
      })
  /** The start was answered: a run exists. */
  | { type: 'triggered'; requestId: string; runId: string }
  /** The start has no answer yet, but Hex's list has one run that can be its own. */
  | { type: 'seen'; requestId: string; runId: string }
  /**
   * Surely no run came of it. `counted: false` where Hex did not see the request, or refused it without counting it;
   * default true, the safe side.
   */
  | { type: 'notStarted'; requestId: string; counted?: boolean }
  /** The run ended. */
  | { type: 'finished'; requestId: string }
  /** No longer wanted and nothing was sent (before the permit, or after it and before the start was sent). */
  | { type: 'released'; requestId: string }
  /**
   * A run is going that this limiter may not know of: it was lost and started anew. `startedAt` default now, the safe
   * side.
   */
  | ({ type: 'holding'; runId: string; startedAt?: number } & Omit<WaitingRequest, 'priority' | 'at'>)
  /**
   * Hex refused a start: 429 (`rate`), 503 without a kernel (`noKernel`), or it could do nothing (`outage`). No permit
   * before `untilMs`, at most an hour; null, where Hex said nothing: the minute's window for a 429, else a time that
   * grows with each refusal in a row. `said`: what Hex said or did, in words. Workers of before say `kernel`, which is
   * a quarter of a minute.
   */
  | {
      type: 'penalty';
      kind: 'rate' | 'kernel' | 'noKernel' | 'outage';
      untilMs: number | null;
      said?: string;
    }
  /** Somebody moves a waiting run, or the waiting steps of a pipeline, to the front. `at`: when that was asked for. */
  | { type: 'move'; workflowId: string; by: string; reason?: string; at: number }
  /** A worker tells of its reads. It looks what it may by the query `reads`. */
  | ({ type: 'reads' } & ReadsTold)
  /** When the token of the connection expires, ISO 8601; null where Hex names no time. For people alone. */
  | { type: 'token'; expiresAt: string | null }
  /** Hex answers reads, so an outage of starts that it put no time to is not waited for longer than a minute. */
  | { type: 'answers' }
  /** Answer to a check: is the holder's workflow open, or its run still going? */
  | { type: 'checked'; requestId: string; alive: boolean }
  | { type: 'settings'; patch: LimitsPatch }
  /** The whole settings by a worker's environment. Ignored unless they have changed: a restart undoes no `settings`. */
  | { type: 'environment'; settings: EnvironmentSettings };

/** The most requests in the queue; a further one is dropped and must ask again. */
export const MAX_WAITING = 10_000;

/** A limiter that knows nothing yet. */
export function newLimiter(patch: LimitsPatch = {}): LimiterState {
  return {
    settings: withSettings(DEFAULT_SETTINGS, patch),
    environment: null,
    clock: 0,
    waiting: [],
    held: [],
    starts: [],
    backOff: { rateUntil: 0, kernelUntil: 0 },
    halfOpen: null,
    closed: [],
    typical: { runMs: null, triggerMs: null },
  };
}

/** How long runs of the project usually take, ms; null where nobody has said. */
export function usualMsOf({ usual = {} }: LimiterState, projectId: string): number | null {
  return Object.hasOwn(usual, projectId) ? (usual[projectId] ?? null) : null;
}

/** Whether the start of a slot may yet be sent, as far as is known. */
export function isUncounted({ startedAt, seenRunId }: HeldSlot): boolean {
  return startedAt === null && seenRunId === undefined;
}

/** Whether a request is of this workflow, or of a step of this pipeline. */
export function isOf({ workflowId }: Pick<WaitingRequest, 'workflowId'>, id: string): boolean {
  return workflowId === id || workflowId.startsWith(`${id}/`);
}

/**
 * A request's rank: the party in line is served in its order, lowest first. It is also the time from which the request is aged: nothing that asks later
 * overtakes it (save one of a priority below 0), and the reserve no longer binds it.
 */
export function rankOf(request: WaitingRequest, settings: LimiterSettings): number {
  return request.at + request.priority * settings.agingMs;
}

/** From when on the reserve does not bind it. */
export function agedAt(request: WaitingRequest, settings: LimiterSettings): number {
  return request.movedAt ?? rankOf(request, settings);
}
