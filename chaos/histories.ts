import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { type Decode, decoderOf } from '../src/contract/payloads.js';
import { patiently } from './server.js';

type History = temporal.api.history.v1.IHistory;
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export type End = 'open' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed out';

/** What the histories of one workflow say, from its start to its close, over all its continuations. */
export interface WorkflowFacts {
  type: string;
  workflowId: string;
  /** Of its first run: tells executions with the same id apart. */
  runId: string;
  startedAtMs: number;
  closedAtMs: number | null;
  end: End;
  /** Type of the failure that it closed with. */
  failureType: string | null;
  /** Input parameter `chaos` of a `hexRun`: `<pipeline>/<step>`. */
  key: string | null;
  /** Triggers that were scheduled. */
  triggers: number;
  /** Hex runs whose start was answered. */
  started: string[];
  /** Searches of Hex's list that were answered. */
  searches: number;
  /** Hex runs that were the only candidate of a search. */
  adopted: string[];
}

/** The facts of all pipelines and runs that the server knows of. */
export async function readHistories(temporal: Client): Promise<WorkflowFacts[]> {
  const decode = decoderOf(temporal);
  const facts: PartFacts[] = [];
  for (const { workflowId, runId } of await executions(temporal)) {
    const handle = temporal.workflow.getHandle(workflowId, runId);
    const history = await patiently(() => handle.fetchHistory());
    facts.push(await factsOf(workflowId, runId, history, decode));
  }
  return joined(facts);
}

/** The histories of these workflows, all their executions, into files of a new folder; says where they are. */
export async function keepHistories(
  temporal: Client,
  broken: readonly { workflowId: string }[],
): Promise<string> {
  const workflowIds = new Set(broken.map(({ workflowId }) => workflowId));
  try {
    const folder = await mkdtemp(join(tmpdir(), 'temporal-hex-storm-'));
    for (const { workflowId, runId } of await executions(temporal)) {
      if (!workflowIds.has(workflowId)) continue;
      const history = await patiently(() => temporal.workflow.getHandle(workflowId, runId).fetchHistory());
      const file = join(folder, `${encodeURIComponent(workflowId)}.${runId}.json`);
      await writeFile(file, JSON.stringify(history, null, 2));
    }
    return `Histories of what broke: ${folder}`;
  } catch (error) {
    // What broke is told in any case.
    return `The histories of what broke could not be kept: ${error}`;
  }
}

/** How many pipelines and runs are open. */
export function countOpen(temporal: Client): Promise<number> {
  return patiently(
    async () => (await temporal.workflow.count(`${OURS} AND ExecutionStatus = 'Running'`)).count,
  );
}

/** Activities whose results say what reached Hex. */
const FACTS_IN_RESULTS = ['triggerRun', 'findRun'];

const OURS = "WorkflowType IN ('hexPipeline', 'hexRun')";

function executions(temporal: Client): Promise<{ workflowId: string; runId: string }[]> {
  return patiently(async () => {
    const found: { workflowId: string; runId: string }[] = [];
    for await (const { workflowId, runId } of temporal.workflow.list({ query: OURS }))
      found.push({ workflowId, runId });
    return found;
  });
}

interface PartFacts extends WorkflowFacts {
  firstRunId: string;
  continued: boolean;
}

async function factsOf(
  workflowId: string,
  runId: string,
  { events }: History,
  decode: Decode,
): Promise<PartFacts> {
  const facts: PartFacts = {
    type: '',
    workflowId,
    runId,
    firstRunId: runId,
    startedAtMs: 0,
    closedAtMs: null,
    end: 'open',
    failureType: null,
    key: null,
    triggers: 0,
    started: [],
    searches: 0,
    adopted: [],
    continued: false,
  };
  const activities = new Map<string, string>();
  for (const event of events ?? []) await note(facts, activities, event, decode);
  return facts;
}

async function note(
  facts: PartFacts,
  activities: Map<string, string>,
  event: HistoryEvent,
  decode: Decode,
): Promise<void> {
  const started = event.workflowExecutionStartedEventAttributes;
  if (started) {
    facts.type = started.workflowType?.name ?? '';
    facts.firstRunId = started.firstExecutionRunId || facts.runId;
    facts.startedAtMs = timeOf(event);
    const [input] = (await decode(started.input?.payloads)) as { inputParams?: { chaos?: string } }[];
    facts.key = input?.inputParams?.chaos ?? null;
  }
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled) {
    const name = scheduled.activityType?.name ?? '';
    activities.set(String(event.eventId), name);
    if (name === 'triggerRun') facts.triggers++;
  }
  const completed = event.activityTaskCompletedEventAttributes;
  if (completed) {
    const name = activities.get(String(completed.scheduledEventId)) ?? '';
    if (FACTS_IN_RESULTS.includes(name))
      noteResult(facts, name, (await decode(completed.result?.payloads))[0]);
  }
  noteEnd(facts, event);
}

function noteResult(facts: PartFacts, activity: string, result: unknown): void {
  if (activity === 'triggerRun') {
    facts.started.push((result as { runId: string }).runId);
    return;
  }
  const [only, ...others] = (result as { candidates: { runId: string }[] }).candidates;
  facts.searches++;
  if (only && others.length === 0) facts.adopted.push(only.runId);
}

function noteEnd(facts: PartFacts, event: HistoryEvent): void {
  const failed = event.workflowExecutionFailedEventAttributes;
  const end: End | null = event.workflowExecutionCompletedEventAttributes
    ? 'completed'
    : failed
      ? 'failed'
      : event.workflowExecutionCanceledEventAttributes
        ? 'cancelled'
        : event.workflowExecutionTerminatedEventAttributes
          ? 'terminated'
          : event.workflowExecutionTimedOutEventAttributes
            ? 'timed out'
            : null;
  if (event.workflowExecutionContinuedAsNewEventAttributes) facts.continued = true;
  if (!end) return;
  facts.end = end;
  facts.closedAtMs = timeOf(event);
  facts.failureType = failed?.failure?.applicationFailureInfo?.type ?? null;
}

/** Continuations of a workflow as one. */
function joined(parts: PartFacts[]): WorkflowFacts[] {
  const whole = new Map<string, WorkflowFacts>();
  for (const part of parts.sort((a, b) => a.startedAtMs - b.startedAtMs)) {
    const { firstRunId, continued: _, ...facts } = part;
    const id = `${facts.workflowId}#${firstRunId}`;
    const before = whole.get(id);
    whole.set(id, {
      ...facts,
      runId: firstRunId,
      startedAtMs: before?.startedAtMs ?? facts.startedAtMs,
      triggers: (before?.triggers ?? 0) + facts.triggers,
      started: [...(before?.started ?? []), ...facts.started],
      searches: (before?.searches ?? 0) + facts.searches,
      adopted: [...(before?.adopted ?? []), ...facts.adopted],
    });
  }
  return [...whole.values()];
}

function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
}
