import type { Client } from '@temporalio/client';

/** The history of the newest run of a workflow, as the names of its events' attributes. */
export async function eventsOf(temporal: Client, workflowId: string): Promise<string[]> {
  const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).map(
    (event) => Object.keys(event).find((key) => key.endsWith('Attributes')) ?? 'unknown',
  );
}
