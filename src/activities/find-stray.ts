import type { LeftRuns, Stray, UncleanEnd } from '../run/janitor-input.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import { behindOthers, costOf, isGone, isLive, type ReadCost } from './janitor-read.js';
import { ownersOf } from './run-owners.js';

/** A closed workflow whose run is to be looked for. `requestTimeoutMs`: time limit of one request to Hex. */
export interface FindStrayRequest {
  connection: string;
  end: UncleanEnd;
  requestTimeoutMs: number;
}

/** Clocks differ, and a `Date` header has whole seconds. */
const SLACK_MS = 5_000;
const PAGE = 100;

/**
 * Looks whether a closed workflow has left a run in Hex: one read of that run, else, where its id is not known, one
 * list of the project.
 */
export const findStray =
  (dependencies: ActivityDependencies) =>
  async ({ connection, end, requestTimeoutMs }: FindStrayRequest): Promise<LeftRuns & ReadCost> => {
    const client = dependencies.hex(connection);
    const call = behindOthers(requestTimeoutMs);
    const { projectId, runId, workflowId } = end;
    const found: LeftRuns & ReadCost = { strays: [], possible: [], ...costOf(dependencies, connection) };
    try {
      const runs =
        runId === null
          ? (await client.listProjectRuns(projectId, { trigger: 'API', limit: PAGE }, call)).runs
          : [await client.getRunStatus(projectId, runId, call)];
      const live = runs.filter(isLive).filter(({ startTime }) => runId !== null || since(end, startTime));
      const owners = await ownersOf(dependencies, { connection, projectId }, live);
      for (const run of live) {
        const owner = owners.get(run.runId);
        const stray: Stray = {
          projectId,
          runId: run.runId,
          runUrl: run.runUrl,
          status: run.status,
          workflowId: owner?.workflowId ?? workflowId,
        };
        if (owner?.keeps) continue;
        if (owner || runId !== null) found.strays.push(stray);
        else found.possible.push(stray);
      }
      return found;
    } catch (error) {
      if (isGone(error)) return found;
      throw readFailure(error, dependencies.patienceMs);
    }
  };

function since({ unknownSinceMs }: UncleanEnd, startTime: string | null): boolean {
  return startTime === null || Date.parse(startTime) >= (unknownSinceMs ?? 0) - SLACK_MS;
}
