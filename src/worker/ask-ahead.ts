import type { InjectedSinks } from '@temporalio/worker';
import type { Limiters } from '../activities/limiters.js';
import type { AskAheadSinks } from '../contract/ask-ahead.js';

/** Asks for the permits of runs that pipelines of this worker begin. */
export function askAheadSinks(limiters: Limiters | undefined): InjectedSinks<AskAheadSinks> {
  return {
    permits: {
      askAhead: {
        fn: (_pipeline, { connection, ...run }) => {
          if (limiters?.limits(connection)) limiters.askAhead(connection, { type: 'acquire', ...run });
        },
        callDuringReplay: false,
      },
      foretell: {
        fn: (_pipeline, workflowId, runs) => {
          const limited = runs.filter(({ connection }) => limiters?.limits(connection));
          limiters?.foretell(
            workflowId,
            limited.map((run) => ({ type: 'acquire', ...run })),
          );
        },
        callDuringReplay: false,
      },
    },
  };
}
