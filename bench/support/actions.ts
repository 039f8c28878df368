import type { Client } from '@temporalio/client';

/** What an execution costs. */
export interface Cost {
  /** Billable actions, as Temporal Cloud counts them. */
  actions: number;
  events: number;
  /** Executions: one that continues as new, and children, count again. */
  executions: number;
}

/** Events that stand for one action each; an activity counts again for each retry. Queries are left out. */
const BILLED = [
  'workflowExecutionStartedEventAttributes',
  'timerStartedEventAttributes',
  'activityTaskScheduledEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'workflowExecutionUpdateAcceptedEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
] as const;

/**
 * The cost of a workflow and of what continues it, by their histories. All local activities of one workflow task are one action; the
 * marker of a patch is one as well.
 */
export async function costOf(temporal: Client, workflowId: string): Promise<Cost> {
  const cost: Cost = { actions: 0, events: 0, executions: 0 };
  for await (const { runId } of temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    cost.executions += 1;
    cost.events += events?.length ?? 0;
    const withMarkers = new Set<string>();
    for (const event of events ?? []) {
      if (BILLED.some((name) => event[name])) cost.actions += 1;
      cost.actions += Math.max(0, (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1);
      const marker = event.markerRecordedEventAttributes;
      if (marker?.markerName === 'core_local_activity')
        withMarkers.add(String(marker.workflowTaskCompletedEventId));
      else if (marker) cost.actions += 1;
    }
    cost.actions += withMarkers.size;
  }
  return cost;
}
