import type { Client } from '@temporalio/client';

/** The history of the newest run of a workflow, as the names of its events' attributes. */
export async function eventsOf(temporal: Client, workflowId: string): Promise<string[]> {
  const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).map(
    (event) => Object.keys(event).find((key) => key.endsWith('Attributes')) ?? 'unknown',
  );
}

/** All runs of a workflow that has continued as new: how many, their events, and the most bytes that one was given. */
export async function continuationsOf(temporal: Client, workflowId: string) {
  const lengths: number[] = [];
  let carried = 0;
  for await (const { runId } of temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    lengths.push(events?.length ?? 0);
    const given = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    carried = Math.max(
      carried,
      given.reduce((sum, { data }) => sum + (data?.length ?? 0), 0),
    );
  }
  const events = lengths.reduce((sum, length) => sum + length, 0);
  return { largest: Math.max(...lengths), events, carried, runs: lengths.length };
}

/** The most bytes that one activity of the newest run of a workflow was given. */
export async function largestInput(temporal: Client, workflowId: string): Promise<number> {
  const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
  const sizes = (events ?? []).map(({ activityTaskScheduledEventAttributes: scheduled }) =>
    (scheduled?.input?.payloads ?? []).reduce((sum, { data }) => sum + (data?.length ?? 0), 0),
  );
  return Math.max(0, ...sizes);
}
