import type { Command } from 'commander';
import { examples, type Perform } from '../command.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { missingWorker, withClient } from '../session.js';
import { progressLines } from '../view/progress.js';
import { describeWatched } from '../view/watched.js';

/** How long an answer may take. The server's own limit is 10 s, which the SDK tries three times. */
const WITH_WORKER_MS = 12_000;
const WITHOUT_WORKER_MS = 2_000;

export function addProgress(program: Command, perform: Perform): void {
  program
    .command('progress')
    .summary('show where a run or a pipeline stands')
    .description('Shows where a run or a pipeline stands, also a closed one. Needs a worker that is up.')
    .argument('<workflow-id>', 'as "run" and "pipeline" print it')
    .addHelpText('after', examples('temporal-hex progress daily-etl-2026-01-31'))
    .action((workflowId: string, _options: unknown, command: Command) =>
      perform(command, (session) =>
        withClient(session, async (client) => {
          const { output } = session;
          const { type, taskQueue } = await describeWatched(client, workflowId);
          // Where nobody works on the queue, nobody answers; a worker that has all hands full is asked all the same.
          const missing = await missingWorker(client, taskQueue);
          const limitMs = missing ? WITHOUT_WORKER_MS : WITH_WORKER_MS;
          const asking = client.temporal.withDeadline(Date.now() + limitMs, () =>
            client.progress(workflowId),
          );
          const progress = await asking.catch((error: unknown) => {
            throw unanswered(error, `${workflowId}, a ${type}`, missing, taskQueue);
          });
          output.data(progress, () =>
            progressLines(progress, { colors: output.colors, workflowId }).join('\n'),
          );
          return EXIT.ok;
        }),
      ),
    );
}

/** A query that nobody answers: the server's words name no remedy. */
function unanswered(error: unknown, what: string, missing: string | null, taskQueue: string): unknown {
  const said =
    error instanceof Error ? `${error.message} ${(error.cause as Error | undefined)?.message ?? ''}` : '';
  if (!/no poller|deadline|call cancelled|Workflow Task in failed state/i.test(said)) return error;
  const why =
    missing ??
    `One has asked task queue "${taskQueue}" for work within the last minute: if it is still up, its log (temporal-hex worker --log-level warn) says why.`;
  return new CliError(`No worker answers for ${what}. ${why}`, EXIT.failed);
}
