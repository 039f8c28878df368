import { cancellationSignal, log } from '@temporalio/activity';
import type { LogEvent } from '../contract/log-events.js';
import { type HexClient, type HexRunInfo, isTerminal, type ReadLimits } from '../hex/index.js';
import type { ReadLoad } from '../limits/index.js';
import type { ActivityDependencies, ReadPolicy } from './dependencies.js';
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

/** The few fields that a workflow keeps: a history holds hundreds of them. */
export type RunRead = Pick<
  HexRunInfo,
  'status' | 'startTime' | 'endTime' | 'elapsedMs' | 'runUrl' | 'projectVersion' | 'traceId'
> & {
  /** Null where reads are not limited. */
  share: ReadShare | null;
};

/** Reads one run by its id. The run list may lag, so it cannot confirm a cancel. */
export const getRunStatus =
  (dependencies: ActivityDependencies) =>
  (run: RunReference): Promise<RunRead> =>
    statusFrom(dependencies.hex(run.connection), dependencies, run, null);

/** Reads the status of a Hex run, together with others of its project where their reads fall together. */
export const pollRun =
  (dependencies: ActivityDependencies) =>
  async (run: RunReference): Promise<RunRead> => {
    const policy = dependencies.reads?.(run.connection) ?? null;
    const reader = policy?.shared ?? dependencies.hex(run.connection);
    const status = await statusFrom(reader, dependencies, run, policy);
    if (isTerminal(status.status)) logEndSeen(run, status.endTime);
    return status;
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

async function statusFrom(
  reader: Pick<HexClient, 'getRunStatus'>,
  dependencies: ActivityDependencies,
  run: RunReference,
  policy: ReadPolicy | null,
): Promise<RunRead> {
  try {
    const options = { signal: cancellationSignal(), timeoutMs: run.requestTimeoutMs };
    const info = await reader.getRunStatus(run.projectId, run.runId, options);
    const { status, startTime, endTime, elapsedMs, runUrl, projectVersion, traceId } = info;
    if (isTerminal(status)) await reportEnd(dependencies, run);
    const share = policy && { load: policy.shared.load(run.projectId), limits: policy.limits };
    return { status, startTime, endTime, elapsedMs, runUrl, projectVersion, traceId, share };
  } catch (error) {
    await tellOfTrouble(dependencies, run.connection, error, 'reads');
    throw readFailure(error, dependencies.patienceMs);
  }
}

/** Frees the run's kernel slot at the limiter, and its share of the reads. */
export async function reportEnd(
  dependencies: ActivityDependencies,
  { connection, projectId, runId, requestId }: RunReference,
): Promise<void> {
  dependencies.reads?.(connection)?.shared.leave(projectId, runId);
  if (requestId) await report(dependencies, connection, [{ type: 'finished', requestId }]);
}
