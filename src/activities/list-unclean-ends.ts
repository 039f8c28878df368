import { activityInfo } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import type { UncleanEnd } from '../run/janitor-input.js';
import type { ActivityDependencies } from './dependencies.js';
import { eachOf, type ListedExecution, listExecutions } from './list-executions.js';
import { failedLeavingARun, readRunStart } from './run-start.js';
import { workflowsOf } from './workflows-of.js';

/** Which closed workflows to look at. */
export interface UncleanEndsRequest {
  connection: string;
  /** Of workflows closed since, in ms since 1970. */
  sinceMs: number;
  /** `nextPage` of the answer before. */
  page?: string;
}

/** One page of them; `nextPage` is null after the last. */
export interface UncleanEnds {
  ends: UncleanEnd[];
  nextPage: string | null;
}

const PAGE = 100;

/** The `hexRun` workflows of this task queue that closed without their clean-up and may have left a run in Hex. */
export const listUncleanEnds =
  (dependencies: ActivityDependencies) =>
  async ({ connection, sinceMs, page }: UncleanEndsRequest): Promise<UncleanEnds> => {
    const workflows = workflowsOf(dependencies);
    const since = new Date(sinceMs).toISOString();
    const { executions, nextPage } = await listExecutions(
      workflows,
      activityInfo().taskQueue,
      `CloseTime > '${since}' AND ExecutionStatus IN ('Terminated', 'TimedOut', 'Failed')`,
      { page: page ?? null, pageSize: PAGE },
    );
    const holders = Object.entries((await dependencies.limiters?.holders(connection)) ?? {});
    const lost = executions.filter(({ left }) => !left);
    const ends = await eachOf(lost, async (execution) => {
      const end = await uncleanEnd(workflows, connection, execution);
      if (!end || end.runId !== null) return end;
      // The answer to its start came too late for the workflow, not for the limiter.
      const [runId = null] = holders.find(([, workflowId]) => workflowId === end.workflowId) ?? [];
      return { ...end, runId };
    });
    return { ends: ends.filter((end) => end !== null), nextPage };
  };

async function uncleanEnd(
  workflows: WorkflowClient,
  connection: string,
  execution: ListedExecution,
): Promise<UncleanEnd | null> {
  if (execution.status === 'FAILED' && !(await failedLeavingARun(workflows, execution))) return null;
  const start = await readRunStart(workflows, execution);
  if (start?.connection !== connection) return null;
  const { projectId, runId, unknownSinceMs } = start;
  if (runId === null && unknownSinceMs === null) return null;
  return { workflowId: execution.workflowId, projectId, runId, unknownSinceMs };
}
