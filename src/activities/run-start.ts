import type { WorkflowClient } from '@temporalio/client';
import { isObject, type JsonValue } from '../base/json.js';
import { timestampMs } from '../base/timestamp.js';
import { isOfType } from '../contract/failure.js';
import { decoderOf } from '../contract/payloads.js';
import { searchAttributes } from '../contract/search-attributes.js';
import { isProjectId } from '../hex/ids.js';
import { isTemplate } from '../templates/engine.js';
import type { FoundRuns } from './find-run.js';
import { type Execution, eventsOf, type HistoryEvent } from './history-events.js';
import type { StartRunAnswer } from './trigger-run.js';

/** What an execution tells of its run in Hex. */
export interface RunStart {
  connection: string;
  projectId: string;
  /** Hex's run id, where the workflow came to know it. */
  runId: string | null;
  /** When it sent a start whose outcome it never came to know, in ms since 1970; null where there is none. */
  unknownSinceMs: number | null;
}

/** The run is known from the first dozen events, as a rule. */
const EVENTS_PER_PAGE = 50;
/**
 * Reads what a `hexRun` was asked for from its input, which needs no search attributes. Null where it cannot be read,
 * or would have been refused.
 */
export async function readTarget(
  workflows: WorkflowClient,
  execution: Execution,
): Promise<Pick<RunStart, 'connection' | 'projectId'> | null> {
  for await (const event of eventsOf(workflows, execution, 1)) {
    const input = await inputOf(workflows, event);
    if (isRendered(input)) return readRunStart(workflows, execution);
    return targetOf(input) ?? byAttributes(workflows, execution, input === null);
  }
  return null;
}

/**
 * Reads which run in Hex a `hexRun` started, from its input and its history.
 *
 * @param wanted the project that is of interest; of an execution for another one, the history is not read
 */
export async function readRunStart(
  workflows: WorkflowClient,
  execution: Execution,
  wanted?: string,
): Promise<RunStart | null> {
  const triggers = new Map<string, 'triggerRun' | 'findRun'>();
  let start: RunStart | null = null;
  let input: JsonValue[] | null | undefined;
  for await (const event of eventsOf(workflows, execution, EVENTS_PER_PAGE)) {
    if (input === undefined) {
      input = await inputOf(workflows, event);
      start = beginningOf(input);
      if (!start && !isRendered(input)) return byAttributes(workflows, execution, input === null);
      if (start && isKnown(start, wanted)) return start;
      continue;
    }
    if (!start) {
      start = await askedOfHex(workflows, event);
      if (!start) continue;
      if (isKnown(start, wanted)) return start;
    }
    const { type, scheduledId } = activityOf(event, triggers);
    if (type === 'triggerRun') await noteStart(workflows, start, event);
    if (type === 'findRun') await noteSearch(workflows, start, event, input?.[0]);
    if (scheduledId !== null && triggers.get(scheduledId) === 'triggerRun')
      start.unknownSinceMs = timestampMs(event.eventTime);
    if (start.runId !== null) return start;
  }
  return start;
}

/** Whether the workflow failed with the word that its run may go on in Hex. */
export async function failedLeavingARun(workflows: WorkflowClient, execution: Execution): Promise<boolean> {
  for await (const event of eventsOf(workflows, execution, 1, { closing: true })) {
    const failure = event.workflowExecutionFailedEventAttributes?.failure;
    if (!failure) continue;
    if (isOfType(failure.applicationFailureInfo, 'HexCleanupFailed')) return true;
    const details = await decoded(workflows, failure.applicationFailureInfo?.details?.payloads);
    return isObject(details?.[0]) && details[0].leftRunning === true;
  }
  return false;
}

/** The arguments, or null where they cannot be decoded here, such as with encryption by another process. */
function inputOf(workflows: WorkflowClient, event: HistoryEvent): Promise<JsonValue[] | null> {
  return decoded(workflows, event.workflowExecutionStartedEventAttributes?.input?.payloads);
}

async function decoded(workflows: WorkflowClient, payloads: Parameters<ReturnType<typeof decoderOf>>[0]) {
  try {
    return await decoderOf(workflows)(payloads);
  } catch {
    return null;
  }
}

function targetOf(input: JsonValue[] | null): Pick<RunStart, 'connection' | 'projectId'> | null {
  const asked = askedIn(input);
  if (!isObject(asked) || typeof asked.projectId !== 'string' || asked.dryRun === true) return null;
  const target = { projectId: asked.projectId, connection: connectionOf(asked.connection) };
  return isProjectId(target.projectId) && !isTemplate(target.connection) ? target : null;
}

/** The input, or what was made of it, where the workflow was continued as new. */
function askedIn(input: JsonValue[] | null): JsonValue | undefined {
  const [asked, carried] = input ?? [];
  return isObject(carried) && isObject(carried.spec) ? carried.spec : asked;
}

/** Whether the workflow has filled in templates, so that its input does not tell the project or the connection. */
function isRendered(input: JsonValue[] | null): boolean {
  const asked = askedIn(input);
  if (!isObject(asked) || asked.dryRun === true) return false;
  return [asked.projectId, asked.connection].some((text) => typeof text === 'string' && isTemplate(text));
}

/** What the event asks Hex for, where it is a start. */
async function askedOfHex(workflows: WorkflowClient, event: HistoryEvent): Promise<RunStart | null> {
  const { activityType, input } = event.activityTaskScheduledEventAttributes ?? {};
  return activityType?.name === 'triggerRun' ? beginningOf(await decoded(workflows, input?.payloads)) : null;
}

/** Whether there is no need to read on. */
function isKnown({ runId, projectId }: RunStart, wanted: string | undefined): boolean {
  return runId !== null || (wanted !== undefined && projectId !== wanted);
}

const connectionOf = (name: JsonValue | undefined) => (typeof name === 'string' ? name : 'default');

/** The state as the execution begins: that of the one before, where it was continued as new. */
function beginningOf(input: JsonValue[] | null): RunStart | null {
  const target = targetOf(input);
  if (!target) return null;
  const carried = input?.[1];
  const run = isObject(carried) && isObject(carried.run) ? carried.run : null;
  return { ...target, runId: typeof run?.runId === 'string' ? run.runId : null, unknownSinceMs: null };
}

/** Where the input cannot be read, the search attributes tell the project and the run, though not the connection. */
async function byAttributes(
  workflows: WorkflowClient,
  { workflowId, executionId }: Execution,
  unreadable: boolean,
): Promise<RunStart | null> {
  if (!unreadable) return null;
  const { typedSearchAttributes } = await workflows.getHandle(workflowId, executionId).describe();
  const projectId = typedSearchAttributes.get(searchAttributes.projectId);
  const runId = typedSearchAttributes.get(searchAttributes.runId) ?? null;
  return projectId === undefined ? null : { connection: 'default', projectId, runId, unknownSinceMs: null };
}

/** Which of the two activities that tell of the start an event belongs to: as its beginning, or as its end. */
function activityOf(
  event: HistoryEvent,
  known: Map<string, 'triggerRun' | 'findRun'>,
): { type: 'triggerRun' | 'findRun' | null; scheduledId: string | null } {
  const name = event.activityTaskScheduledEventAttributes?.activityType?.name;
  if (name === 'triggerRun' || name === 'findRun') {
    known.set(String(event.eventId), name);
    return { type: null, scheduledId: String(event.eventId) };
  }
  const ended =
    event.activityTaskCompletedEventAttributes ??
    event.activityTaskFailedEventAttributes ??
    event.activityTaskCanceledEventAttributes;
  return { type: (ended && known.get(String(ended.scheduledEventId))) ?? null, scheduledId: null };
}

async function noteStart(workflows: WorkflowClient, start: RunStart, event: HistoryEvent): Promise<void> {
  const done = event.activityTaskCompletedEventAttributes;
  if (done) {
    const [run] = (await decoded(workflows, done.result?.payloads)) ?? [];
    start.runId = (run as Partial<StartRunAnswer> | null)?.runId ?? null;
  } else {
    const { failure } = event.activityTaskFailedEventAttributes ?? {};
    // Anything else surely started nothing.
    if (isOfType(failure?.applicationFailureInfo, 'HexTriggerOutcomeUnknown')) return;
    start.unknownSinceMs = null;
  }
}

/** A search that found one run has adopted it; `onAmbiguous` may take the newest of several. */
async function noteSearch(
  workflows: WorkflowClient,
  start: RunStart,
  event: HistoryEvent,
  asked: JsonValue | undefined,
): Promise<void> {
  const result = event.activityTaskCompletedEventAttributes?.result?.payloads;
  const [found] = ((await decoded(workflows, result)) ?? []) as unknown as [Partial<FoundRuns>?];
  const [newest, ...others] = found?.candidates ?? [];
  const adopts = others.length === 0 || (isObject(asked) && asked.onAmbiguous === 'adopt-newest');
  if (newest && adopts) start.runId = newest.runId;
}
