import type { Command } from 'commander';
import { examples, type Perform } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { type DecisionOptions, decisionOptions, userName } from '../input/decision-options.js';
import { warnWithoutWorker, withClient } from '../session.js';

interface MoveOptions extends DecisionOptions {
  front?: true;
}

/** Moves what waits under Hex's limits. */
export function addMove(program: Command, perform: Perform): void {
  const move = program
    .command('move')
    .helpGroup('Decisions on a running pipeline:')
    .summary('move a waiting run, or the waiting steps of a pipeline, to the front of the line')
    .description(
      "Moves a run that waits under Hex's limits, or the waiting steps of a pipeline, to the front of the line. See docs/limits.md.",
    )
    .argument('<workflow-id>', 'of the run or of the pipeline')
    .option('--front', 'before all others; the only place there is');
  decisionOptions(move, 'by the limiter')
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
