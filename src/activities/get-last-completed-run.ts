import { cancellationSignal } from '@temporalio/activity';
import type { HexStepResult } from '../pipeline/execution/result.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import type { ProjectReference } from './list-live-runs.js';

/** Which project's run, and how young it must be. */
export interface LastRunRequest extends ProjectReference {
  /** How old the run may be, from its end, in ms. */
  withinMs: number;
}

/** The newest completed run of the project, when it ended less than `withinMs` ago by Hex's clock; else null. */
export const getLastCompletedRun =
  ({ hex, patienceMs }: ActivityDependencies) =>
  async (request: LastRunRequest): Promise<HexStepResult | null> => {
    const { connection, projectId, requestTimeoutMs, withinMs } = request;
    try {
      const { runs, date } = await hex(connection).listProjectRuns(
        projectId,
        { status: 'COMPLETED', limit: 25 },
        { signal: cancellationSignal(), timeoutMs: requestTimeoutMs },
      );
      // The header has whole seconds, so by Hex's clock it may be almost a second later.
      const now = date === null ? Date.now() : Date.parse(date) + 1_000;
      const ended = (endTime: string | null) => (endTime === null ? 0 : Date.parse(endTime));
      const [newest] = runs
        .filter(({ status }) => status === 'COMPLETED')
        .sort((a, b) => ended(b.endTime) - ended(a.endTime));
      if (!newest || now - ended(newest.endTime) >= withinMs) return null;
      const { runId, runUrl, projectVersion, startTime, endTime, elapsedMs, traceId } = newest;
      const run = { projectId, runId, runUrl, projectVersion, startTime, endTime, elapsedMs, traceId };
      return { success: true, status: 'COMPLETED', ...run, durationMs: 0, polls: 0, fresh: true };
    } catch (error) {
      throw readFailure(error, patienceMs);
    }
  };
