import type { Client } from '@temporalio/client';
import type { QueryDefinition } from '@temporalio/common';

/** A scrape does not wait longer for a workflow, which may be busy or without a worker. */
const PATIENCE_MS = 2_000;

/** The answer of a workflow; null where there is none, or none that answers in time: gauges then keep what they show. */
export async function askWorkflow<T, Args extends unknown[]>(
  client: Client,
  workflowId: string,
  query: QueryDefinition<T, Args>,
  ...args: Args
): Promise<T | null> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    return await client.withDeadline(Date.now() + PATIENCE_MS, () => handle.query(query, ...args));
  } catch {
    return null;
  }
}
