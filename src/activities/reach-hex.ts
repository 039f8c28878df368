import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { typedFailure } from '../contract/failure.js';
import { type Asked, askAgain, HexError, outOfReach } from '../hex/index.js';
import type { ActivityDependencies } from './dependencies.js';

/** Which connection to try. */
export interface ReachRequest extends Asked {
  connection: string;
}

const REQUEST_TIMEOUT_MS = 30_000;

/** Asks Hex what could not be asked before. Fails, to be tried again, until Hex answers, be it with a refusal. */
export const reachHex =
  ({ hex }: ActivityDependencies) =>
  async ({ connection, ...asked }: ReachRequest): Promise<void> => {
    const options = { signal: cancellationSignal(), timeoutMs: REQUEST_TIMEOUT_MS };
    try {
      await askAgain(hex(connection), asked, options);
    } catch (error) {
      if (!(error instanceof HexError)) throw error;
      if (outOfReach(error) === false) return;
      throw typedFailure({
        type: error.kind,
        message: error.message,
        category: ApplicationFailureCategory.BENIGN,
        ...(error.retryAfterMs !== null && { nextRetryDelay: error.retryAfterMs }),
      });
    }
  };
