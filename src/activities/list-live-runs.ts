import { cancellationSignal } from '@temporalio/activity';
import type { HexClient } from '../hex/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';

export interface ProjectReference {
  connection: string;
  projectId: string;
  requestTimeoutMs: number;
}

export interface LiveRun {
  runId: string;
  runUrl: string | null;
  status: string;
}

const PAGE = 100;

/** The pending and running runs of a project, whoever started them. */
export const listLiveRuns =
  ({ hex, patienceMs }: ActivityDependencies) =>
  async (project: ProjectReference): Promise<LiveRun[]> => {
    try {
      return await liveRuns(hex(project.connection), project, 'ALL', cancellationSignal());
    } catch (error) {
      throw readFailure(error, patienceMs);
    }
  };

/** Reads Hex's list to its end, once for each status that is not final. */
export async function liveRuns(
  client: HexClient,
  { projectId, requestTimeoutMs }: Omit<ProjectReference, 'connection'>,
  trigger: 'ALL' | 'API',
  signal: AbortSignal,
): Promise<LiveRun[]> {
  const found: LiveRun[] = [];
  for (const status of ['PENDING', 'RUNNING']) {
    for (let offset = 0, more = true; more; offset += PAGE) {
      const page = await client.listProjectRuns(
        projectId,
        { status, trigger, limit: PAGE, offset },
        { signal, timeoutMs: requestTimeoutMs },
      );
      found.push(...page.runs.map((run) => ({ runId: run.runId, runUrl: run.runUrl, status: run.status })));
      more = page.hasMore;
    }
  }
  return found;
}
