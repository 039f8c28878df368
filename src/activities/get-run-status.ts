import { activityInfo, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { LogEvent } from '../contract/log-events.js';
import {
  type HexClient,
  HexRateLimitedError,
  type HexRunInfo,
  isTerminal,
  type ReadHint,
  type ReadLimits,
} from '../hex/index.js';
import type { ReadLoad } from '../limits/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import { report } from './request-start.js';
import { tellOfTrouble } from './tell-of-trouble.js';

/** What the interval to a run's next read goes by. */
export interface ReadShare {
  load: ReadLoad;
  limits: ReadLimits;
}

/** A run in Hex. `requestTimeoutMs`: time limit of one request to Hex. */
export interface RunReference {
  connection: string;
  projectId: string;
  runId: string;
  requestTimeoutMs: number;
  /** The request by which the limiter gave the permit; null where starts are not limited. */
  requestId: string | null;
}

/** A read of a run that goes on. */
export interface PolledRun extends RunReference {
  /** Go by what earlier runs of the project say; absent in histories from before. */
  learn?: boolean;
  /** They also limit the time that it may take (`timeout: auto`). */
  limited?: boolean;
}

/** The few fields that a workflow keeps: a history holds hundreds of them. */
export type RunRead = Pick<
  HexRunInfo,
  'status' | 'startTime' | 'endTime' | 'elapsedMs' | 'runUrl' | 'projectVersion' | 'traceId'
> & {
  /** Null where reads are not limited. */
  share: ReadShare | null;
  /** What earlier runs of the project say of this one; absent where they say nothing. */
  hint?: ReadHint;
  /** How often Hex answered 429 before; absent for never. */
  rateLimited?: number;
};

/** Reads one run by its id. The run list may lag, so it cannot confirm a cancel. */
export const getRunStatus =
  (dependencies: ActivityDependencies) =>
  async (run: RunReference): Promise<RunRead> => ({
    ...fieldsOf(await infoOf(dependencies.hex(run.connection), dependencies, run)),
    share: null,
  });

/** Reads the status of a Hex run, together with others of its project where their reads fall together. */
export const pollRun =
  (dependencies: ActivityDependencies) =>
  async (run: PolledRun): Promise<RunRead> => {
    const policy = dependencies.reads?.(run.connection) ?? null;
    if (!policy) return getRunStatus(dependencies)(run);
    const { shared, learned, limits } = policy;
    const call = { signal: cancellationSignal(), timeoutMs: run.requestTimeoutMs };
    const learning = run.learn ? learned.learnFrom(shared, run.projectId, call) : null;
    const info = await infoOf(shared, dependencies, run);
    await learning;
    if (isTerminal(info.status)) logEndSeen(run, info.endTime);
    const load = shared.load(run.projectId);
    const hint = run.learn ? learned.hint(info, load, run.limited) : null;
    return { ...fieldsOf(info), share: { load, limits }, ...(hint && { hint }) };
  };

function logEndSeen({ projectId, connection, runId: hexRunId }: RunReference, endTime: string | null): void {
  if (endTime === null) return;
  const delayMs = Math.max(0, Date.now() - Date.parse(endTime));
  log.debug('The run has ended in Hex', {
    event: 'run_end_seen',
    projectId,
    connection,
    hexRunId,
    delayMs,
  } satisfies LogEvent);
}

async function infoOf(
  reader: Pick<HexClient, 'getRunStatus'>,
  dependencies: ActivityDependencies,
  run: RunReference,
): Promise<HexRunInfo> {
  const refused = refusedBefore();
  try {
    const options = { signal: cancellationSignal(), timeoutMs: run.requestTimeoutMs };
    const info = await reader.getRunStatus(run.projectId, run.runId, options);
    if (isTerminal(info.status)) {
      const told = reportEnd(dependencies, run);
      // In one signal with the end. The read that goes with a start has no permit: there, the start tells the limiter.
      if (run.requestId !== null) tellOfSuccess(dependencies, info.status);
      await told;
    }
    return info;
  } catch (error) {
    // The next attempt, wherever it is made, finds the count.
    if (error instanceof HexRateLimitedError && error.requestSent !== 'no') heartbeat(refused + 1);
    await tellOfTrouble(dependencies, run.connection, error, 'reads');
    throw readFailure(error, dependencies.patienceMs);
  }
}

/** What its pipeline begins next is asked for at once. */
export function tellOfSuccess({ limiters }: ActivityDependencies, status: string): void {
  const workflowId = activityInfo().workflowExecution?.workflowId;
  if (status === 'COMPLETED' && workflowId !== undefined) limiters?.succeeded(workflowId);
}

/** How often Hex has answered 429 to this read in attempts before. */
function refusedBefore(): number {
  const count: unknown = activityInfo().heartbeatDetails;
  return typeof count === 'number' ? count : 0;
}

function fieldsOf(info: HexRunInfo): Omit<RunRead, 'share'> {
  const { status, startTime, endTime, elapsedMs, runUrl, projectVersion, traceId } = info;
  const rateLimited = refusedBefore();
  return {
    ...{ status, startTime, endTime, elapsedMs, runUrl, projectVersion, traceId },
    ...(rateLimited > 0 && { rateLimited }),
  };
}

/** Frees the run's kernel slot at the limiter, and its share of the reads. */
export async function reportEnd(
  dependencies: ActivityDependencies,
  { connection, projectId, runId, requestId }: RunReference,
): Promise<void> {
  const policy = dependencies.reads?.(connection);
  policy?.shared.leave(projectId, runId);
  policy?.learned.leave(runId);
  if (requestId) await report(dependencies, connection, [{ type: 'finished', requestId }]);
}
