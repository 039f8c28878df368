import type { WorkflowClient } from '@temporalio/client';
import { inParallel } from '../../base/in-parallel.js';
import { timestampMs } from '../../base/timestamp.js';
import type { Started } from '../../schedule/index.js';
import { absent } from '../absent.js';

/** `EventType` of the server's API. */
const WORKFLOW_TASK_COMPLETED = 7;
/** `WorkflowExecutionStatus` of the server's API. */
const RUNNING = 1;
/** With more events than these, a worker has been there. */
const FIRST_EVENTS = 20;
const AT_ONCE = 10;

/** Of some workflow ids, those that were started, and when a worker took them up. */
export async function startedOf(
  workflows: WorkflowClient,
  ids: readonly string[],
  /** Whether it matters when exactly a worker took it up. */
  exact: (id: string) => boolean,
): Promise<Map<string, Started>> {
  const found = await inParallel(
    ids,
    AT_ONCE,
    async (id) => [id, await startedAs(workflows, id, exact(id))] as const,
  );
  return new Map(found.flatMap(([id, one]) => (one ? [[id, one] as const] : [])));
}

async function startedAs(
  { workflowService, options: { namespace } }: WorkflowClient,
  workflowId: string,
  exact: boolean,
): Promise<Started | null> {
  const info = await workflowService
    .describeWorkflowExecution({ namespace, execution: { workflowId } })
    .then(({ workflowExecutionInfo }) => workflowExecutionInfo, absent);
  if (!info) return null;
  const startedMs = timestampMs(info.startTime);
  const isOpen = info.status === RUNNING;
  if (!exact && (!isOpen || Number(info.historyLength ?? 0) > FIRST_EVENTS))
    return { startedMs, begunMs: startedMs };
  const { history } = await workflowService.getWorkflowExecutionHistory({
    namespace,
    execution: { workflowId, runId: info.firstRunId || info.execution?.runId || '' },
    maximumPageSize: FIRST_EVENTS,
  });
  const events = history?.events ?? [];
  const taken = events.find(({ eventType }) => eventType === WORKFLOW_TASK_COMPLETED);
  // One that closed without a worker waits for nobody any more.
  const begun = taken?.eventTime ?? (isOpen ? null : info.closeTime);
  return {
    startedMs: timestampMs(events[0]?.eventTime ?? info.startTime),
    begunMs: begun ? timestampMs(begun) : null,
  };
}
