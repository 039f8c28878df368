import { cancellationSignal } from '@temporalio/activity';
import { type HexRunInfo, isTerminal } from '../hex/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import { report } from './request-start.js';

export interface RunReference {
  connection: string;
  projectId: string;
  runId: string;
  requestTimeoutMs: number;
  /** The request by which the limiter gave leave; null where starts are not limited. */
  requestId: string | null;
}

/** The few fields that a workflow keeps: a history holds hundreds of them. */
export type RunStatus = Pick<
  HexRunInfo,
  'status' | 'startTime' | 'endTime' | 'elapsedMs' | 'runUrl' | 'projectVersion' | 'traceId'
>;

/** Reads the status of a Hex run. */
export const getRunStatus =
  (dependencies: ActivityDependencies) =>
  async (run: RunReference): Promise<RunStatus> => {
    try {
      const info = await dependencies.hex(run.connection).getRunStatus(run.projectId, run.runId, {
        signal: cancellationSignal(),
        timeoutMs: run.requestTimeoutMs,
      });
      const { status, startTime, endTime, elapsedMs, runUrl, projectVersion, traceId } = info;
      if (isTerminal(status)) await reportEnd(dependencies, run);
      return { status, startTime, endTime, elapsedMs, runUrl, projectVersion, traceId };
    } catch (error) {
      throw readFailure(error, dependencies.patienceMs);
    }
  };

/** Frees the run's kernel slot at the limiter. */
export async function reportEnd(
  dependencies: ActivityDependencies,
  { connection, requestId }: RunReference,
): Promise<void> {
  if (requestId) await report(dependencies, connection, [{ type: 'finished', requestId }]);
}
