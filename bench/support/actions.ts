import type { Client, WorkflowHandle } from '@temporalio/client';

/** What an execution costs. */
export interface Cost {
  /** Billable actions, as Temporal Cloud counts them. */
  actions: number;
  events: number;
  /** Executions: one that continues as new, and children, count again. */
  executions: number;
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

/**
 * Events that stand for one action each (docs.temporal.io/evaluate/cloud/actions). A signal counts where it arrives; a child
 * twice, as asked for and as started. Queries leave no event.
 */
const BILLED = [
  'workflowExecutionStartedEventAttributes',
  'startChildWorkflowExecutionInitiatedEventAttributes',
  'timerStartedEventAttributes',
  'activityTaskScheduledEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'workflowExecutionUpdateAcceptedEventAttributes',
] as const;

/** The cost of a workflow and of what it continued, by their histories. */
export async function costOf(temporal: Client, workflowId: string): Promise<Cost> {
  const cost: Cost = { actions: 0, events: 0, executions: 0 };
  let runId: string | undefined;
  do {
    const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    cost.executions += 1;
    cost.events += events?.length ?? 0;
    cost.actions += actionsOf(events ?? []);
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  } while (runId);
  return cost;
}

/** The actions of one execution. All markers of one workflow task are one: its local activities and its patches. */
export function actionsOf(events: readonly HistoryEvent[]): number {
  const tasksWithMarkers = new Set<string>();
  let actions = 0;
  for (const event of events) {
    if (BILLED.some((name) => event[name])) actions += 1;
    if (upsertsMoreThanVersions(event)) actions += 1;
    actions += retriesOf(event);
    const marker = event.markerRecordedEventAttributes;
    if (marker) tasksWithMarkers.add(String(marker.workflowTaskCompletedEventId));
  }
  return actions + tasksWithMarkers.size;
}

/** The attribute by which `patched` makes versions searchable is not billed. */
function upsertsMoreThanVersions({
  upsertWorkflowSearchAttributesEventAttributes: upsert,
}: HistoryEvent): boolean {
  const names = Object.keys(upsert?.searchAttributes?.indexedFields ?? {});
  return names.some((name) => name !== 'TemporalChangeVersion');
}

/** Attempts after the first, of an activity or of the local activities of a workflow task. */
function retriesOf(event: HistoryEvent): number {
  const { attempt } = event.activityTaskStartedEventAttributes ?? {};
  const { meteringMetadata } = event.workflowTaskCompletedEventAttributes ?? {};
  return Math.max(0, (attempt ?? 1) - 1) + (meteringMetadata?.nonfirstLocalActivityExecutionAttempts ?? 0);
}
