import type { LimiterEvent } from '../limits/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import { ownedByOthers, runsSince } from './find-run.js';

/** A start that has had no answer yet. */
export interface UnansweredStart {
  connection: string;
  requestId: string;
  /** Who started it. */
  workflowId: string;
  projectId: string;
  /** When the permit was given, in ms since 1970: it was not sent before. */
  grantedAt: number;
}

const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Whether Hex has a run that can be of this start, and no second one: `seen`, or nothing. It settles when the start was
 * sent at the latest, not whose the run is: that is for its workflow, which must first know that its request is over.
 */
export const lookForStart =
  (dependencies: ActivityDependencies) =>
  async (start: UnansweredStart): Promise<LimiterEvent[]> => {
    const { connection, requestId, workflowId, projectId, grantedAt: requestedAtMs } = start;
    try {
      const project = { projectId, requestTimeoutMs: REQUEST_TIMEOUT_MS, requestedAtMs };
      // A run that began before the permit was given is another's; one that is missed costs time alone.
      const { runs } = await runsSince(dependencies.hex(connection), project, 0);
      const runIds = runs.map((run) => run.runId);
      const owned = await ownedByOthers(dependencies, connection, runIds, workflowId);
      const [runId, another] = runIds.filter((id) => !owned.includes(id));
      return runId !== undefined && another === undefined ? [{ type: 'seen', requestId, runId }] : [];
    } catch (error) {
      throw readFailure(error, dependencies.patienceMs);
    }
  };
