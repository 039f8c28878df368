import { setTimeout as delay } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { HexError, isTerminal, type RunProjectRequest } from '../hex/index.js';
import type { LimiterEvent } from '../limits/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { startFailure } from './failures.js';
import { pollRun, type RunRead, tellOfSuccess } from './get-run-status.js';
import { isAhead } from './quick-permits.js';
import { afterRefusal, isHeldBack } from './refused-start.js';
import { report } from './request-start.js';
import { refuseIfGivenUp } from './still-awaited.js';

/** The limiter hears of a start so much later at most, so that it hears of an end that is known by then with it. */
const TOGETHER_MS = 20;

/** The start of a run, to be sent once. */
export interface StartRunRequest {
  connection: string;
  projectId: string;
  request: RunProjectRequest;
  requestTimeoutMs: number;
  /** The request by which the limiter gave the permit; null where starts are not limited. */
  requestId: string | null;
  /** Reads the status right after the start, for at most this long; absent: not at all. */
  readWithinMs?: number;
}

/** The run that Hex started. */
export interface StartRunAnswer {
  runId: string;
  runUrl: string | null;
  projectVersion: string | null;
  traceId: string | null;
  /** Whether the workflow may set our search attributes. */
  searchAttributes: boolean;
  /** The status where it was read at once; a read that failed is the next read's business. */
  read: RunRead | null;
}

/**
 * Starts a Hex run. Sends one request and never another; it takes no notice of cancellation, since a request on its
 * way cannot be called back and its answer holds the id that a clean-up needs.
 */
export const triggerRun =
  (dependencies: ActivityDependencies) =>
  async (start: StartRunRequest): Promise<StartRunAnswer> => {
    const { connection, projectId, request, requestTimeoutMs, requestId, readWithinMs = 0 } = start;
    const spareMs = activityInfo().startToCloseTimeoutMs - requestTimeoutMs - readWithinMs;
    const what = `The start of project ${projectId}`;
    const timeoutMs = await refuseIfGivenUp(dependencies, what, requestTimeoutMs, spareMs);
    try {
      const { runId, runUrl, projectVersion, traceId } = await dependencies
        .hex(connection)
        .runProject(projectId, request, { timeoutMs });
      const reading = firstRead(dependencies, start, runId);
      if (requestId) await tellOfStart(dependencies, start, { requestId, runId }, reading);
      const read = await reading;
      const searchAttributes = dependencies.searchAttributes ?? false;
      return { runId, runUrl, projectVersion, traceId, searchAttributes, read };
    } catch (error) {
      if (!(error instanceof HexError)) throw error;
      if (requestId) await report(dependencies, connection, afterRefusal(error, connection, requestId));
      throw startFailure(error, requestId !== null && isHeldBack(error));
    }
  };

/** The start, and the end where the first read has seen it: in one signal where both are known together. */
async function tellOfStart(
  dependencies: ActivityDependencies,
  { connection, projectId }: StartRunRequest,
  { requestId, runId }: { requestId: string; runId: string },
  reading: Promise<RunRead | null>,
): Promise<void> {
  const ahead = isAhead(requestId);
  const { workflowId = '' } = activityInfo().workflowExecution ?? {};
  const started: LimiterEvent = ahead
    ? // In full: the limiter may have given up what was asked for ahead.
      { type: 'holding', requestId, runId, workflowId, projectId }
    : { type: 'triggered', requestId, runId };
  const endOf = (read: RunRead | null): LimiterEvent[] =>
    read && isTerminal(read.status) ? [{ type: 'finished', requestId }] : [];
  const soon = await Promise.race([reading, delay(TOGETHER_MS, undefined, { ref: false })]);
  const ended = endOf(soon ?? null);
  // Where the next step asks in a moment, one signal is enough.
  const told =
    ended.length > 0 && ahead
      ? dependencies.limiters?.sendSoon(connection, [started, ...ended])
      : report(dependencies, connection, [started, ...ended]);
  if (soon) tellOfSuccess(dependencies, soon.status);
  await told;
  if (soon !== undefined) return;
  const later = await reading;
  const toldLater = report(dependencies, connection, endOf(later));
  if (later) tellOfSuccess(dependencies, later.status);
  await toldLater;
}

/** It tells the limiter nothing: that is done together with the start. */
async function firstRead(
  dependencies: ActivityDependencies,
  { connection, projectId, readWithinMs }: StartRunRequest,
  runId: string,
): Promise<RunRead | null> {
  if (readWithinMs === undefined) return null;
  const run = { connection, projectId, runId, requestId: null, requestTimeoutMs: readWithinMs };
  return pollRun(dependencies)(run).catch(() => null);
}
