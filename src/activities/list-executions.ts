import type { WorkflowClient } from '@temporalio/client';
import { LEFT_MEMO } from '../contract/memo.js';
import type { Execution } from './history-events.js';

/** `WorkflowExecutionStatus` of the server's API. */
const NAMES = [
  '',
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'CANCELED',
  'TERMINATED',
  'CONTINUED_AS_NEW',
  'TIMED_OUT',
];

/** A `hexRun` workflow as Temporal lists it. */
export interface ListedExecution extends Execution {
  status: string;
  /** It left its run in Hex on purpose. */
  left: boolean;
}

/** One page of such workflows. */
export interface ExecutionPage {
  executions: ListedExecution[];
  /** Given back for the next page; null after the last. */
  nextPage: string | null;
}

/**
 * One page of the `hexRun` workflows of a task queue, or of all of them (null). Their type, queue, status and times can be searched for in every
 * namespace, whether it has our search attributes or not.
 */
export async function listExecutions(
  { workflowService, options }: WorkflowClient,
  taskQueue: string | null,
  condition: string,
  { page = null, pageSize }: { page?: string | null; pageSize: number },
): Promise<ExecutionPage> {
  const onQueue = taskQueue === null ? [] : [`TaskQueue = ${JSON.stringify(taskQueue)}`];
  const { executions, nextPageToken } = await workflowService.listWorkflowExecutions({
    namespace: options.namespace,
    query: ["WorkflowType = 'hexRun'", ...onQueue, condition].join(' AND '),
    pageSize,
    ...(page !== null && { nextPageToken: Buffer.from(page, 'base64') }),
  });
  return {
    executions: (executions ?? []).map(({ execution, status, memo }) => ({
      workflowId: execution?.workflowId ?? '',
      executionId: execution?.runId ?? '',
      status: NAMES[status ?? 0] ?? '',
      left: LEFT_MEMO in (memo?.fields ?? {}),
    })),
    nextPage: nextPageToken?.length ? Buffer.from(nextPageToken).toString('base64') : null,
  };
}

/** Does something with each, a few at a time, and keeps the order. */
export async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return results;
}

const AT_ONCE = 10;
