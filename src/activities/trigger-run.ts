import { HexError, type RunProjectRequest } from '../hex/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { startFailure } from './failures.js';
import { pollRun, type RunRead } from './get-run-status.js';
import { afterRefusal, isHeldBack } from './refused-start.js';
import { report } from './request-start.js';

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
    const { connection, projectId, request, requestTimeoutMs, requestId } = start;
    try {
      const { runId, runUrl, projectVersion, traceId } = await dependencies
        .hex(connection)
        .runProject(projectId, request, { timeoutMs: requestTimeoutMs });
      const [read] = await Promise.all([
        firstRead(dependencies, start, runId),
        requestId && report(dependencies, connection, [{ type: 'triggered', requestId, runId }]),
      ]);
      const searchAttributes = dependencies.searchAttributes ?? false;
      return { runId, runUrl, projectVersion, traceId, searchAttributes, read };
    } catch (error) {
      if (!(error instanceof HexError)) throw error;
      if (requestId) await report(dependencies, connection, afterRefusal(error, connection, requestId));
      throw startFailure(error, requestId !== null && isHeldBack(error));
    }
  };

async function firstRead(
  dependencies: ActivityDependencies,
  { connection, projectId, requestId, readWithinMs }: StartRunRequest,
  runId: string,
): Promise<RunRead | null> {
  if (readWithinMs === undefined) return null;
  const run = { connection, projectId, runId, requestId, requestTimeoutMs: readWithinMs };
  return pollRun(dependencies)(run).catch(() => null);
}
