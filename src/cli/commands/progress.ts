import type { Command } from 'commander';
import { progressWithin } from '../../console/run/progress-within.js';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { missingWorker, withClient } from '../session.js';
import { type Progress, progressLines } from '../view/progress.js';
import { describeWatched } from '../view/watched.js';

/** How long a worker may take to answer: it may have to replay a long history first. */
const WORKER_MS = 5_000;

export function addProgress(program: Command, perform: Perform): void {
  program
    .command('progress')
    .summary('show where a run or a pipeline stands')
    .description(
      'Shows where a run or a pipeline stands, also a closed one. Where no worker answers, it says so and shows what the server and the history tell.',
    )
    .argument('<workflow-id>', 'as "run" and "pipeline" print it')
    .addHelpText('after', examples('temporal-hex progress daily-etl-2026-01-31'))
    .action((workflowId: string, _options: unknown, command: Command) =>
      perform(command, (session) =>
        withClient(session, async (client) => {
          const { output } = session;
          const workflow = await describeWatched(client, workflowId);
          const missing = await missingWorker(client, workflow.taskQueue);
          const progress = missing === null ? await progressWithin(client, workflowId, WORKER_MS) : null;
          if (progress === null) {
            const silent = `No worker on task queue "${workflow.taskQueue}" has answered within ${WORKER_MS / 1_000} s: its log says why.`;
            output.say(output.talkColors.yellow(missing ?? silent));
            output.say('This is what was last known:');
          }
          const { lastKnown } = await import('../../console/run/last-known.js');
          const shown: Progress = progress ?? (await lastKnown(client.temporal, workflow));
          output.data(progress ?? { ...shown, lastKnown: true }, () =>
            progressLines(shown, { colors: output.colors, workflowId }).join('\n'),
          );
          return EXIT.ok;
        }),
      ),
    );
}
