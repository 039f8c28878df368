import { onlyThoseThere } from './ahead.js';
import type { Reader } from './readers.js';
import {
  DEFAULT_SETTINGS,
  type EnvironmentSettings,
  type LimiterSettings,
  type LimitsPatch,
  withSettings,
} from './settings.js';
import {
  type HeldSlot,
  type LastRefusal,
  type LimiterState,
  newLimiter,
  type Refused,
  type WaitingRequest,
} from './state.js';

/**
 * The state as it travels through continue-as-new: rows instead of objects, each project named once. 10,000 waiting
 * requests take about 1 MB (Temporal allows 2 MiB a payload), where plain objects would take over 2. Its fields keep
 * their names (`penalty`, `probing`) whatever the state calls them: older workers have packed them so.
 */
export interface PackedLimiter {
  settings: LimiterSettings;
  environment: EnvironmentSettings | null;
  clock: number;
  projects: string[];
  /** Fairness keys, each named once; absent where nobody has one. */
  parties?: string[];
  waiting: PackedWaiting[];
  held: [...PackedRequest, PackedHold][];
  starts: number[];
  penalty: LimiterState['backOff'];
  probing: number | null;
  refused?: Refused;
  readers?: Reader[];
  lastRefusal?: LastRefusal;
  tokenExpiresAt?: string | null;
  closed: string[];
  typical: LimiterState['typical'];
  usual?: Record<string, number>;
}

/**
 * Request id (`~` stands for the workflow's id at its beginning), workflow, its run, index of the project, priority,
 * exclusive, time asked.
 */
type PackedRequest = [string, string, string | 0, number, number, 0 | 1, number];
/** The same; index of its party (-1 for none), and when it was moved to the front, where one of these is to be said. */
type PackedWaiting = PackedRequest | [...PackedRequest, number] | [...PackedRequest, number, number];
type PackedHold = Pick<
  HeldSlot,
  'grantedAt' | 'startedAt' | 'runId' | 'checkAt' | 'tell' | 'lookedFor' | 'seenRunId' | 'ahead'
>;

/** The state as a continue-as-new carries it. */
export function packLimiter(state: LimiterState): PackedLimiter {
  const projects = new Map<string, number>();
  const packed = (request: WaitingRequest): PackedRequest => {
    const project = projects.get(request.projectId) ?? projects.size;
    projects.set(request.projectId, project);
    return [
      shortId(request.requestId, request.workflowId),
      request.workflowId,
      request.workflowRunId ?? 0,
      project,
      request.priority,
      request.exclusive ? 1 : 0,
      request.at,
    ];
  };
  const parties = new Map<string, number>();
  const packedWaiting = (request: WaitingRequest): PackedWaiting => {
    const { fairnessKey, movedAt } = request;
    if (fairnessKey === undefined && movedAt === undefined) return packed(request);
    const party = fairnessKey === undefined ? -1 : (parties.get(fairnessKey) ?? parties.size);
    if (fairnessKey !== undefined) parties.set(fairnessKey, party);
    return movedAt === undefined ? [...packed(request), party] : [...packed(request), party, movedAt];
  };
  const { waiting, held, backOff: penalty, halfOpen: probing, ...rest } = onlyThoseThere(state);
  return {
    ...rest,
    penalty,
    probing,
    waiting: waiting.map(packedWaiting),
    held: held.map((slot) => {
      const { grantedAt, startedAt, runId, checkAt, tell, lookedFor, seenRunId, ahead } = slot;
      const more = { ...(tell && { tell }), ...(lookedFor && { lookedFor }), ...(ahead && { ahead }) };
      const hold = { grantedAt, startedAt, runId, checkAt, ...more };
      return [...packed(slot), seenRunId === undefined ? hold : { ...hold, seenRunId }];
    }),
    projects: [...projects.keys()],
    ...(parties.size > 0 && { parties: [...parties.keys()] }),
  };
}

/** The state that was carried. */
export function unpackLimiter(packed: PackedLimiter): LimiterState {
  const { projects, parties = [], waiting, held, penalty: backOff, probing: halfOpen, ...rest } = packed;
  const request = (row: PackedWaiting | [...PackedRequest, PackedHold]): WaitingRequest => ({
    requestId: longId(row[0], row[1]),
    workflowId: row[1],
    ...(row[2] === 0 ? {} : { workflowRunId: row[2] }),
    projectId: projects[row[3]] ?? '',
    priority: row[4],
    ...(row[5] === 1 ? { exclusive: true } : {}),
    at: row[6],
  });
  return {
    ...rest,
    backOff,
    halfOpen,
    // One that an older version packed may lack a setting.
    settings: withSettings(DEFAULT_SETTINGS, rest.settings),
    waiting: waiting.map((row) => ({ ...request(row), ...ofParty(row, parties) })),
    held: held.map((row) => ({ ...request(row), ...row[7] })),
  };
}

function ofParty(
  [, , , , , , , party, movedAt]: PackedWaiting,
  parties: readonly string[],
): Pick<WaitingRequest, 'fairnessKey' | 'movedAt'> {
  const fairnessKey = party === undefined ? undefined : parties[party];
  return {
    ...(fairnessKey !== undefined && { fairnessKey }),
    ...(movedAt !== undefined && { movedAt }),
  };
}

/** What a limiter that begins from nothing finds of the time before. */
export interface RecalledLimiter {
  /** The state of the limiter that was there before, however it ended; null where there was none to read. */
  state: PackedLimiter | null;
  /** Where there was none: when runs of the last hour began in Hex, by its lists; ms since 1970, oldest first. */
  starts: number[];
}

/** The state to begin with. `settings` are those of a limiter that was not there before. */
export function recalledState({ state, starts }: RecalledLimiter, settings?: LimitsPatch): LimiterState {
  return state ? unpackLimiter(state) : { ...newLimiter(settings), starts };
}

function shortId(requestId: string, workflowId: string): string {
  if (workflowId !== '' && requestId.startsWith(workflowId)) return `~${requestId.slice(workflowId.length)}`;
  return requestId.startsWith('~') ? `~~${requestId}` : requestId;
}

function longId(id: string, workflowId: string): string {
  if (id.startsWith('~~~')) return id.slice(2);
  return id.startsWith('~') ? workflowId + id.slice(1) : id;
}
