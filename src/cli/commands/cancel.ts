import type { Command } from 'commander';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { warnWithoutWorker, withClient } from '../session.js';

export function addCancel(program: Command, perform: Perform): void {
  program
    .command('cancel')
    .summary('cancel a run or a pipeline and its runs in Hex')
    .description(
      'Asks a run or a pipeline to stop. It cancels its runs in Hex, waits until they have ended, and closes as Canceled.',
    )
    .argument('<workflow-id>', 'as "run" and "pipeline" print it')
    .option('--wait', 'wait until it has closed')
    .addHelpText('after', examples('temporal-hex cancel daily-etl-2026-01-31 --wait'))
    .action((workflowId: string, { wait }: { wait?: true }, command: Command) =>
      perform(command, (session) =>
        withClient(session, async (client) => {
          const { output } = session;
          const { status, taskQueue } = await client.temporal.workflow.getHandle(workflowId).describe();
          const open = status.name === 'RUNNING' || status.name === 'PAUSED';
          if (open) await client.cancel(workflowId);
          output.say(
            open ? `Asked ${workflowId} to stop.` : `${workflowId} has ended already: ${status.name}.`,
          );
          if (!wait) {
            if (open) await warnWithoutWorker(session, client, taskQueue);
            return EXIT.ok;
          }
          const { follow } = await import('../view/follow.js');
          const code = await follow(output, client, workflowId);
          // What was asked for has happened.
          return code === EXIT.cancelled ? EXIT.ok : code;
        }),
      ),
    );
}
