import { typedFailure } from '../contract/failure.js';
import { HexError, isTerminal } from '../hex/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import { type RunReference, reportEnd } from './get-run-status.js';
import { tellOfTrouble } from './tell-of-trouble.js';

/** What Hex made of a cancel. */
export interface CancelAnswer {
  /** `accepted`: Hex took the request; read the run to see whether it has stopped. `ended`: it was over already. */
  outcome: 'accepted' | 'ended';
  /** The final status, where the run was over already and Hex still knows it. */
  status: string | null;
}

/** Statuses by which Hex may refuse to cancel a run that is over, or that it does not know. */
const REFUSALS = new Set([400, 404, 409, 422]);

/** Asks Hex to cancel a run. Safe to repeat; a run that has ended is a success. */
export const cancelRun =
  (dependencies: ActivityDependencies) =>
  async (run: RunReference): Promise<CancelAnswer> => {
    const { patienceMs } = dependencies;
    const client = dependencies.hex(run.connection);
    const options = { timeoutMs: run.requestTimeoutMs };
    try {
      await client.cancelRun(run.projectId, run.runId, options);
      return { outcome: 'accepted', status: null };
    } catch (error) {
      if (!(error instanceof HexError && REFUSALS.has(error.status ?? 0))) {
        await tellOfTrouble(dependencies, run.connection, error, 'cancels');
        throw readFailure(error, patienceMs);
      }
    }
    try {
      const { status } = await client.getRunStatus(run.projectId, run.runId, options);
      if (isTerminal(status)) {
        await reportEnd(dependencies, run);
        return { outcome: 'ended', status };
      }
      throw typedFailure({
        type: 'HexCancelRefused',
        message: `Hex refused to cancel run ${run.runId}, which is ${status}`,
      });
    } catch (error) {
      if (error instanceof HexError && error.kind === 'HexNotFound') {
        await reportEnd(dependencies, run);
        return { outcome: 'ended', status: null };
      }
      if (error instanceof HexError) throw readFailure(error, patienceMs);
      throw error;
    }
  };
