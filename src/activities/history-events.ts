import type { WorkflowClient } from '@temporalio/client';

type Service = WorkflowClient['workflowService'];
type Events = NonNullable<
  NonNullable<Awaited<ReturnType<Service['getWorkflowExecutionHistory']>>['history']>['events']
>;
export type HistoryEvent = Events[number];

/** One execution of a workflow. */
export interface Execution {
  workflowId: string;
  /** Temporal's run id of it. */
  executionId: string;
}

/** `HistoryEventFilterType` of the server's API. */
const CLOSE_EVENT = 2;

/** The history, read no further than is asked for; `closing`: the last event alone. */
export async function* eventsOf(
  { workflowService, options }: WorkflowClient,
  { workflowId, executionId }: Execution,
  pageSize: number,
  { closing = false }: { closing?: boolean } = {},
): AsyncGenerator<HistoryEvent> {
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const page = await workflowService.getWorkflowExecutionHistory({
      namespace: options.namespace,
      execution: { workflowId, runId: executionId },
      maximumPageSize: pageSize,
      ...(closing && { historyEventFilterType: CLOSE_EVENT }),
      ...(nextPageToken && { nextPageToken }),
    });
    yield* page.history?.events ?? [];
    nextPageToken = page.nextPageToken;
  } while (nextPageToken?.length);
}
