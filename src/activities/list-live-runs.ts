import { cancellationSignal } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';

/** A project in Hex. `requestTimeoutMs`: time limit of one request to Hex. */
export interface ProjectReference {
  connection: string;
  projectId: string;
  requestTimeoutMs: number;
}

/** A pending or running run. */
export interface LiveRun {
  runId: string;
  runUrl: string | null;
  status: string;
}

const PAGE = 100;

/**
 * The pending and running runs of a project, whoever started them: Hex's list to its end, once for each such status.
 */
export const listLiveRuns =
  ({ hex, patienceMs }: ActivityDependencies) =>
  async ({ connection, projectId, requestTimeoutMs }: ProjectReference): Promise<LiveRun[]> => {
    const call = { signal: cancellationSignal(), timeoutMs: requestTimeoutMs };
    const found: LiveRun[] = [];
    try {
      for (const status of ['PENDING', 'RUNNING']) {
        for (let offset = 0, more = true; more; offset += PAGE) {
          const query = { status, trigger: 'ALL', limit: PAGE, offset } as const;
          const page = await hex(connection).listProjectRuns(projectId, query, call);
          for (const run of page.runs)
            found.push({ runId: run.runId, runUrl: run.runUrl, status: run.status });
          more = page.hasMore;
        }
      }
      return found;
    } catch (error) {
      throw readFailure(error, patienceMs);
    }
  };
