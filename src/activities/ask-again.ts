import { heartbeat } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { askAgainSignal } from '../contract/messages.js';
import type { ActivityDependencies } from './dependencies.js';
import { eachOf, listExecutions } from './list-executions.js';

const PAGE = 200;

/**
 * Has all open runs of this connection ask their limiter again, or tell it what they hold: those of any task queue, since
 * several may share a limiter. Returns how many were called: not those of `known`, ids of workflows that it knows.
 */
export const askAgain =
  ({ workflows }: ActivityDependencies) =>
  async ({ connection, known }: { connection: string; known: string[] }): Promise<number> => {
    let called = 0;
    if (!workflows) return called;
    const left = new Set(known);
    for (let page: string | null | undefined; page !== null; ) {
      const listed = await listExecutions(workflows, null, "ExecutionStatus = 'Running'", {
        page: page ?? null,
        pageSize: PAGE,
      });
      page = listed.nextPage;
      const others = listed.executions.filter(({ workflowId }) => !left.has(workflowId));
      await eachOf(others, async ({ workflowId }) => {
        heartbeat();
        called++;
        await workflows
          .getHandle(workflowId)
          .signal(askAgainSignal(connection))
          .catch((error: unknown) => {
            // It has closed since.
            if (!(error instanceof WorkflowNotFoundError)) throw error;
          });
      });
    }
    return called;
  };
