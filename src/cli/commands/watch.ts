import type { Command } from 'commander';
import { examples, type Perform } from '../command.js';
import { withClient } from '../session.js';
import { describeWatched } from '../view/watched.js';

export function addWatch(program: Command, perform: Perform): void {
  program
    .command('watch')
    .summary('watch a run or a pipeline to its end')
    .description(
      'Shows how a run or a pipeline goes until it ends, and then its results: a table that is redrawn on a terminal, a line a change elsewhere. While no worker answers, it says so. The exit code tells how it ended. Ctrl-C stops the watching only.',
    )
    .argument('<workflow-id>', 'as "run" and "pipeline" print it')
    .addHelpText('after', examples('temporal-hex watch daily-etl-2026-01-31'))
    .action((workflowId: string, _options: unknown, command: Command) =>
      perform(command, (session) =>
        withClient(session, async (client) => {
          await describeWatched(client, workflowId);
          const { follow } = await import('../view/follow.js');
          return follow(session.output, client, workflowId);
        }),
      ),
    );
}
