import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import { isObject, type JsonValue } from '../../base/json.js';
import { type Timestamp, timestampMs } from '../../base/timestamp.js';
import { stepOfActivityId, stepOfFreshnessId, stepOfSliceKey, stepOfWorkflowId } from '../../contract/ids.js';
import { decoderOf } from '../../contract/payloads.js';
import type { SliceResult } from '../../contract/slice.js';
import type { PipelineFailureDetails } from '../../pipeline/execution/result.js';

const CLOSING = [
  ...(['workflowExecutionCompletedEventAttributes', 'workflowExecutionFailedEventAttributes'] as const),
  ...(['workflowExecutionCanceledEventAttributes', 'workflowExecutionTerminatedEventAttributes'] as const),
  'workflowExecutionTimedOutEventAttributes' as const,
];

/** What the history of a pipeline tells: enough to repeat it in part, however it ended. */
export interface PipelineHistory {
  workflowId: string;
  runId: string;
  taskQueue: string;
  /** The input as it was given. */
  input: JsonValue;
  /** When the schedule meant it to start, else when it did; ISO 8601. */
  scheduledTime: string;
  /** The definition, where only its name was given. */
  loaded: { definition: JsonValue; name: string } | null;
  /** Results of child workflows by key: `step`, or `step/index`. */
  results: Map<string, JsonValue>;
  /** Results of items as their slice has told them, by key. */
  kept: Map<string, JsonValue>;
  /** Runs that were fresh enough not to be repeated, by key. */
  fresh: Map<string, JsonValue>;
  /** Keys whose last attempt failed, was cancelled, or had not ended. */
  broken: Set<string>;
  /** Approvals and steps marked as a success, by key. */
  decided: Map<string, { action: 'approve' | 'markSuccess'; by: string; reason: string | null; at: string }>;
  /** Steps that the pipeline itself named as failed, where it came to that. */
  failed: string[];
  /** Whether it had ended. */
  closed: boolean;
}

/** A workflow that cannot be repeated, and why. */
export class RerunError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'RerunError';
}

/** Reads the history of a `hexPipeline`, and those of the slices of its long fan-outs. */
export async function readPipelineHistory(
  workflows: WorkflowClient,
  workflowId: string,
  wantedRunId?: string,
): Promise<PipelineHistory> {
  const decode = decoderOf(workflows);
  const events = await eventsOf(workflows, workflowId, wantedRunId);
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  if (started?.workflowType?.name !== 'hexPipeline')
    throw new RerunError(
      `${workflowId} is a ${started?.workflowType?.name ?? 'workflow of no known type'}, not a hexPipeline`,
    );
  const scheduled = started.searchAttributes?.indexedFields?.TemporalScheduledStartTime;
  const found: PipelineHistory = {
    workflowId,
    runId: started.originalExecutionRunId ?? '',
    taskQueue: started.taskQueue?.name ?? '',
    input: (await decode(started.input?.payloads))[0] ?? null,
    scheduledTime: scheduled ? String((await decode([scheduled]))[0]) : timeOf(events[0]?.eventTime),
    loaded: null,
    results: new Map(),
    kept: new Map(),
    fresh: new Map(),
    broken: new Set(),
    decided: new Map(),
    failed: [],
    closed: CLOSING.some((attributes) => events.at(-1)?.[attributes]),
  };
  await noteEvents(found, events, workflows);
  return found;
}

async function noteEvents(found: PipelineHistory, events: Events, workflows: WorkflowClient): Promise<void> {
  const decode = decoderOf(workflows);
  const steps = stepEvents(events, found.workflowId);
  for (const event of events) {
    const slice = steps.slices.get(initiatedBy(event));
    const ended = event.childWorkflowExecutionCompletedEventAttributes;
    if (slice) {
      slice.runId =
        event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.runId ?? slice.runId;
      if (ended) noteSlice(found, slice, (await decode(ended.result?.payloads))[0]);
      else if (UNTOLD.some((attributes) => event[attributes])) await noteUntold(found, slice, workflows);
    }
    const key = steps.children.get(
      String(event.childWorkflowExecutionCompletedEventAttributes?.initiatedEventId),
    );
    if (key !== undefined) {
      const { result } = event.childWorkflowExecutionCompletedEventAttributes ?? {};
      found.results.set(key, (await decode(result?.payloads))[0] ?? null);
      found.broken.delete(key);
    }
    const begun =
      steps.children.get(String(event.eventId)) ?? workOf(steps.activities.get(String(event.eventId)));
    if (begun !== undefined) found.broken.add(begun);
    const done = event.activityTaskCompletedEventAttributes;
    const activity = steps.activities.get(String(done?.scheduledEventId));
    if (activity) noteActivity(found, activity, (await decode(done?.result?.payloads))[0] ?? null);
    const accepted = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    if (accepted)
      noteControl(
        found,
        accepted.name ?? '',
        (await decode(accepted.args?.payloads))[0],
        timeOf(event.eventTime),
      );
    const details = event.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.details;
    if (details) noteFailure(found, (await decode(details.payloads))[0]);
  }
  for (const slice of steps.slices.values()) {
    if (!slice.noted) await noteUntold(found, slice, workflows);
  }
}

/** A workflow that runs some of the items of a fan-out. */
interface Slice {
  step: string;
  workflowId: string;
  runId: string | null;
  noted: boolean;
}

/** The ends of a slice that does not tell of its items. */
const UNTOLD = [
  ...([
    'childWorkflowExecutionFailedEventAttributes',
    'childWorkflowExecutionCanceledEventAttributes',
  ] as const),
  'childWorkflowExecutionTerminatedEventAttributes' as const,
  'childWorkflowExecutionTimedOutEventAttributes' as const,
];

function noteSlice(found: PipelineHistory, slice: Slice, result: JsonValue | undefined): void {
  slice.noted = true;
  for (const { index, state, result: kept } of (result as unknown as SliceResult).items) {
    const key = `${slice.step}/${index}`;
    if (state === 'success' && kept) {
      found.kept.set(key, kept as unknown as JsonValue);
      found.broken.delete(key);
    } else found.broken.add(key);
  }
}

/** Of a slice that was terminated, or has not ended: its own history tells. */
async function noteUntold(found: PipelineHistory, slice: Slice, workflows: WorkflowClient): Promise<void> {
  slice.noted = true;
  if (slice.runId === null) return;
  try {
    await noteEvents(found, await eventsOf(workflows, slice.workflowId, slice.runId), workflows);
  } catch (error) {
    // It has closed so long before the pipeline that Temporal does not have it any more.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

function initiatedBy(event: Events[number]): string {
  const about =
    event.childWorkflowExecutionStartedEventAttributes ??
    event.childWorkflowExecutionCompletedEventAttributes ??
    UNTOLD.map((attributes) => event[attributes]).find((found) => found);
  return String(about?.initiatedEventId);
}

async function eventsOf(workflows: WorkflowClient, workflowId: string, runId?: string): Promise<Events> {
  return (await workflows.getHandle(workflowId, runId).fetchHistory()).events ?? [];
}

type Events = NonNullable<
  Awaited<ReturnType<ReturnType<WorkflowClient['getHandle']>['fetchHistory']>>['events']
>;

/** Which child belongs to which step or is which slice, and which activity is which, by the id of the event that asked for it. */
function stepEvents(events: Events, workflowId: string) {
  const children = new Map<string, string>();
  const slices = new Map<string, Slice>();
  const activities = new Map<string, { type: string; id: string }>();
  for (const event of events) {
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId;
    const step = stepOfWorkflowId(workflowId, child ?? '');
    const sliced = step === null ? null : stepOfSliceKey(step);
    if (sliced !== null)
      slices.set(String(event.eventId), { step: sliced, workflowId: child ?? '', runId: null, noted: false });
    else if (step !== null) children.set(String(event.eventId), step);
    const { activityType, activityId } = event.activityTaskScheduledEventAttributes ?? {};
    if (activityType)
      activities.set(String(event.eventId), { type: activityType.name ?? '', id: activityId ?? '' });
  }
  return { children, slices, activities };
}

function noteActivity(
  found: PipelineHistory,
  { type, id }: { type: string; id: string },
  result: JsonValue,
): void {
  if (type === 'loadPipeline' && isObject(result)) {
    const { definition, source } = result as { definition: JsonValue; source: { name: string } };
    found.loaded = { definition, name: source.name };
  }
  const step = stepOfFreshnessId(id);
  if (type === 'getLastCompletedRun' && result !== null && step !== null) found.fresh.set(step, result);
  const worked = workOf({ id });
  if (worked === undefined) return;
  found.results.set(worked, result);
  found.broken.delete(worked);
}

/** The step, or item of a fan-out, that an activity does the work of. */
function workOf(activity: { id: string } | undefined): string | undefined {
  return stepOfActivityId(activity?.id ?? '') ?? undefined;
}

function noteControl(found: PipelineHistory, action: string, input: unknown, at: string): void {
  const { step, by, reason } = (input ?? {}) as { step?: string; by?: string; reason?: string };
  if (step === undefined) return;
  if (action === 'approve' || action === 'markSuccess') {
    found.decided.set(step, { action, by: by ?? '', reason: reason ?? null, at });
    found.broken.delete(step);
  } else if (action === 'reject' || action === 'retryStep') {
    found.decided.delete(step);
    if (action === 'reject') found.broken.add(step);
  }
}

function noteFailure(found: PipelineHistory, details: unknown): void {
  const { failed } = (details ?? {}) as Partial<PipelineFailureDetails>;
  if (Array.isArray(failed)) found.failed = failed;
}

const timeOf = (time: Timestamp) => new Date(timestampMs(time)).toISOString();
