import type { Command } from 'commander';
import { examples, type Perform } from './command.js';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';
import { progressLines } from './progress-view.js';
import { withClient } from './session.js';

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
          const progress = await client.progress(workflowId).catch((error: unknown) => {
            throw explainQuery(error, workflowId, client.taskQueue);
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
function explainQuery(error: unknown, workflowId: string, taskQueue: string): unknown {
  const said =
    error instanceof Error ? `${error.message} ${(error.cause as Error | undefined)?.message ?? ''}` : '';
  if (!/no poller|deadline|DEADLINE_EXCEEDED/i.test(said)) return error;
  return new CliError(
    `No worker answers for ${workflowId}: start one on task queue "${taskQueue}" with "temporal-hex worker", and ask again.`,
    EXIT.failed,
  );
}
