import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { timestampMs } from '../base/timestamp.js';
import type { LimiterInput } from '../contract/inputs.js';
import type { HexMemo } from '../contract/memo.js';
import { limiterEventsSignal, permitSignal } from '../contract/messages.js';
import { decoderOf } from '../contract/payloads.js';
import {
  applyEvent,
  type LimiterEvent,
  type LimitsPatch,
  newLimiter,
  type PackedLimiter,
  packLimiter,
  type RecalledLimiter,
  recalledState,
  unpackLimiter,
  withPermit,
} from '../limits/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { type Execution, eventsOf, type HistoryEvent } from './history-events.js';
import { eachOf, listExecutions } from './list-executions.js';
import { readRunStart } from './run-start.js';

const ANSWERS = 'hexAnswers' satisfies keyof HexMemo;
const EVENTS_PER_PAGE = 500;
/** The projects of so many runs, the newest that were sent to Hex, are asked for; Hex allows far fewer starts an hour. */
const MOST_RUNS = 200;
const RUNS_PER_PAGE = 200;
const RUNS_OF_A_PROJECT = 100;
const HOUR_MS = 3_600_000;
/** All starts wait meanwhile, so what takes longer is left out. */
const LISTING_MS = 15_000;

/**
 * Finds what a limiter knew that was terminated: the history of the one before holds all that it was told, so that its
 * settings, its counts, its line and who holds a kernel come back. Where there is no such history, the runs of the last
 * hour are counted from Hex's own lists.
 */
export const recallLimiter =
  (dependencies: ActivityDependencies) =>
  async (input: LimiterInput): Promise<RecalledLimiter> => {
    const { workflows } = dependencies;
    const { workflowExecution } = activityInfo();
    if (!workflows || !workflowExecution) return { state: null, starts: [] };
    const { workflowId, runId: executionId } = workflowExecution;
    try {
      const before = await executionBefore(workflows, { workflowId, executionId });
      if (before) return { state: await stateOf(workflows, before), starts: [] };
    } catch (error) {
      log.warn('What the limiter knew before could not be read', { error: String(error) });
    }
    return { state: null, starts: await listedStarts(dependencies, workflows, input.connection) };
  };

/** The execution that was there before. Also one that the lists still call open: they are a little late. */
async function executionBefore(
  { workflowService, options }: WorkflowClient,
  { workflowId, executionId }: Execution,
): Promise<Execution | null> {
  const { executions } = await workflowService.listWorkflowExecutions({
    namespace: options.namespace,
    query: `WorkflowId = ${JSON.stringify(workflowId)}`,
    pageSize: 10,
  });
  const others = (executions ?? []).filter(({ execution }) => execution?.runId !== executionId);
  const [newest] = others.sort((a, b) => timestampMs(b.startTime) - timestampMs(a.startTime));
  return newest?.execution?.runId ? { workflowId, executionId: newest.execution.runId } : null;
}

/** Plays the history once more: what the limiter was told, found out, and gave. */
async function stateOf(workflows: WorkflowClient, execution: Execution): Promise<PackedLimiter> {
  const decode = decoderOf(workflows);
  const told: [LimiterEvent, number][] = [];
  /** Requests whose permits are in the memo, by the words under which they asked. */
  const asked = new Map<string, string>();
  let settings: LimitsPatch | undefined;
  let state = newLimiter();
  for await (const event of eventsOf(workflows, execution, EVENTS_PER_PAGE)) {
    const at = timestampMs(event.eventTime);
    const [first, second] = await decode(payloadsOf(event));
    if (event.workflowExecutionStartedEventAttributes) {
      settings = (first as unknown as LimiterInput).settings;
      state = second ? unpackLimiter(second as unknown as PackedLimiter) : newLimiter(settings);
    } else if (event.signalExternalWorkflowExecutionInitiatedEventAttributes) {
      state = withPermit(state, (first as { requestId: string }).requestId, at);
    } else if (event.workflowPropertiesModifiedEventAttributes) {
      for (const [word, given] of Object.entries((first ?? {}) as Record<string, boolean>)) {
        if (given) state = withPermit(state, asked.get(word) ?? '', at);
      }
    } else if (isRecalled(first)) {
      // It had been recalled itself, and what it was told meanwhile came after that.
      state = recalledState(first, settings);
      for (const [each, toldAt] of told) state = applyEvent(state, each, toldAt);
    } else if (Array.isArray(first)) {
      for (const each of first as unknown as LimiterEvent[]) {
        told.push([each, at]);
        if (each.type === 'acquire' && each.answer !== undefined) asked.set(each.answer, each.requestId);
        state = applyEvent(state, each, at);
      }
    }
  }
  return packLimiter(state);
}

/** The payloads of those events that change a limiter. */
function payloadsOf(event: HistoryEvent) {
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal?.signalName === limiterEventsSignal.name) return signal.input?.payloads;
  const permit = event.signalExternalWorkflowExecutionInitiatedEventAttributes;
  if (permit?.signalName === permitSignal.name) return permit.input?.payloads;
  const answers = event.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields?.[ANSWERS];
  if (answers) return [answers];
  return (
    event.workflowExecutionStartedEventAttributes?.input?.payloads ??
    event.activityTaskCompletedEventAttributes?.result?.payloads
  );
}

function isRecalled(value: unknown): value is RecalledLimiter {
  return typeof value === 'object' && value !== null && 'state' in value && 'starts' in value;
}

/** When the runs of the last hour began, of the projects that workflows of ours have started. */
async function listedStarts(
  { hex }: ActivityDependencies,
  workflows: WorkflowClient,
  connection: string,
): Promise<number[]> {
  const now = Date.now();
  const signal = AbortSignal.any([cancellationSignal(), AbortSignal.timeout(LISTING_MS)]);
  const starts: number[] = [];
  try {
    for (const projectId of await startedProjects(workflows, connection, now - HOUR_MS, signal)) {
      const { runs } = await hex(connection).listProjectRuns(
        projectId,
        { trigger: 'API', limit: RUNS_OF_A_PROJECT },
        { signal },
      );
      // One that has not begun has no time, and was started a moment ago.
      for (const { startTime } of runs) starts.push(startTime === null ? now : Date.parse(startTime));
    }
  } catch (error) {
    log.warn('The runs of the last hour could not all be counted', { connection, error: String(error) });
  }
  return starts.filter((at) => at > now - HOUR_MS).sort((a, b) => a - b);
}

/**
 * The projects of runs that Hex may have counted since then. A workflow that waits for its permit has sent nothing, so a
 * limiter that is the first one asks Hex nothing.
 */
async function startedProjects(
  workflows: WorkflowClient,
  connection: string,
  sinceMs: number,
  signal: AbortSignal,
): Promise<Set<string>> {
  // Also those that waited in line and ended since.
  const recent = `(StartTime > '${new Date(sinceMs).toISOString()}' OR ExecutionStatus = 'Running')`;
  const projects: string[] = [];
  for (let page: string | null = null; ; ) {
    const found = await listExecutions(workflows, activityInfo().taskQueue, recent, {
      page,
      pageSize: RUNS_PER_PAGE,
    });
    for (const start of await eachOf(found.executions, (execution) => readRunStart(workflows, execution))) {
      const sent = start !== null && (start.runId !== null || start.unknownSinceMs !== null);
      if (sent && start.connection === connection) projects.push(start.projectId);
    }
    page = found.nextPage;
    if (page === null || projects.length >= MOST_RUNS || signal.aborted) return new Set(projects);
  }
}
