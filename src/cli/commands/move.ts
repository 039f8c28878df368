import type { Command } from 'commander';
import { examples, type Perform } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { warnWithoutWorker, withClient } from '../session.js';
import { userName } from './controls.js';

interface MoveOptions {
  front?: true;
  by?: string;
  reason?: string;
}

/** Moves what waits under Hex's limits. */
export function addMove(program: Command, perform: Perform): void {
  program
    .command('move')
    .helpGroup('Decisions on a running pipeline:')
    .summary('move a waiting run, or the waiting steps of a pipeline, to the front of the line')
    .description(
      "Moves a run that waits under Hex's limits, or the waiting steps of a pipeline, to the front of the line. See docs/limits.md.",
    )
    .argument('<workflow-id>', 'of the run or of the pipeline')
    .option('--front', 'before all others; the only place there is')
    .option('--reason <text>', 'why; kept by the limiter')
    .option('--by <name>', 'who decides (default: you, as the operating system calls you)')
    .addHelpText(
      'after',
      examples('temporal-hex move daily-etl-2026-01-31 --front --reason "the board meets at nine"'),
    )
    .action((workflowId: string, { front, by = userName(), reason }: MoveOptions, command: Command) => {
      return perform(command, (session) => {
        if (!front)
          throw new UsageError('The options', [
            { path: '--front', message: 'is required: say where to move it' },
          ]);
        return withClient(session, async (client) => {
          const { taskQueue } = await client.temporal.workflow.getHandle(workflowId).describe();
          await warnWithoutWorker(session, client, taskQueue);
          const result = await client.moveToFront(workflowId, {
            by,
            ...(reason !== undefined && { reason }),
          });
          session.output.data(result, () => '');
          session.output.say(
            `move by ${by}: done, ${result.runs} ${result.runs === 1 ? 'run' : 'runs'} of ${workflowId} to the front of the line.`,
          );
          return EXIT.ok;
        });
      });
    });
}
