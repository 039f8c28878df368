import type { HexRunInfo } from '../hex/index.js';
import type { Stray } from '../run/janitor-input.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import { behindOthers, costOf, isGone, isLive, type ReadCost } from './janitor-read.js';
import { ownersOf } from './run-owners.js';

/** A place in the run lists of a project. */
export interface ListPlace {
  /** Null for the list of all. */
  status: 'PENDING' | 'RUNNING' | null;
  offset: number;
}

/** A project, and the place in its list to go on from. */
export interface LookForStraysRequest {
  connection: string;
  projectId: string;
  place: ListPlace;
  requestTimeoutMs: number;
}

/** What one page of a project's runs has shown. */
export interface FoundStrays extends ReadCost {
  strays: Stray[];
  /** Ids of live API runs that this product did not start. */
  foreign: string[];
  /** Where to go on; null when the project has been seen. */
  next: ListPlace | null;
  /** Hex does not know the project, or does not show it. */
  unreadable: boolean;
}

const PAGE = 100;
/** Twice as long as a run in Hex may take. */
const SURELY_OVER_MS = 48 * 3_600_000;

/**
 * Reads one page of a project's runs, and finds live ones that a closed workflow of ours started. The newest hundred
 * are enough for most projects; the others are then listed by status.
 */
export const lookForStrays =
  (dependencies: ActivityDependencies) =>
  async (request: LookForStraysRequest): Promise<FoundStrays> => {
    const { connection, projectId, place, requestTimeoutMs } = request;
    const cost = costOf(dependencies, connection);
    const { status, offset } = place;
    const query = { trigger: 'API', limit: PAGE, offset, ...(status && { status }) } as const;
    try {
      const { runs, hasMore, date } = await dependencies
        .hex(connection)
        .listProjectRuns(projectId, query, behindOthers(requestTimeoutMs));
      const live = runs.filter(isLive);
      const owners = await ownersOf(dependencies, { connection, projectId }, live);
      const strays: Stray[] = [];
      const foreign: string[] = [];
      for (const { runId, runUrl, status } of live) {
        const owner = owners.get(runId);
        if (!owner) foreign.push(runId);
        else if (!owner.keeps)
          strays.push({ projectId, runId, runUrl, status, workflowId: owner.workflowId });
      }
      const nowMs = date === null ? Date.now() : Date.parse(date);
      const seen = !hasMore || (status === null && restIsOver(runs, nowMs));
      return { strays, foreign, next: placeAfter(place, seen), unreadable: false, ...cost };
    } catch (error) {
      if (isGone(error)) return { strays: [], foreign: [], next: null, unreadable: true, ...cost };
      throw readFailure(error, dependencies.patienceMs);
    }
  };

function placeAfter({ status, offset }: ListPlace, seen: boolean): ListPlace | null {
  if (status === null) return seen ? null : { status: 'RUNNING', offset: 0 };
  if (!seen) return { status, offset: offset + PAGE };
  return status === 'RUNNING' ? { status: 'PENDING', offset: 0 } : null;
}

/** The page is in order, newest first, and ends with a run so old that those behind it have ended. */
function restIsOver(runs: readonly HexRunInfo[], nowMs: number): boolean {
  const times = runs.flatMap(({ startTime }) => (startTime === null ? [] : Date.parse(startTime)));
  const inOrder = times.every((time, n) => n === 0 || time <= (times[n - 1] ?? 0));
  return inOrder && nowMs - (times.at(-1) ?? nowMs) > SURELY_OVER_MS;
}
