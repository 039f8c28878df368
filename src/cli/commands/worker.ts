import type { Command } from 'commander';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { listenForInterrupt } from '../interrupt.js';
import { taskQueueOf } from '../session.js';

export function addWorker(program: Command, perform: Perform): void {
  program
    .command('worker')
    .summary('work on Hex runs and pipelines until stopped')
    .description(
      'Runs a worker until SIGINT or SIGTERM; then it finishes what is in flight (up to 45 s) and ends. Needs HEX_API_TOKEN.',
    )
    .addHelpText(
      'after',
      examples(
        'temporal-hex worker',
        'temporal-hex worker --address temporal.example.com:7233 --namespace prod',
      ),
    )
    .action((_options: unknown, command: Command) =>
      perform(command, async (session) => {
        const { globals, output, env } = session;
        const [{ installRuntime }, { loadConfig }, { runWorker }] = await Promise.all([
          import('../logging.js'),
          import('../../config.js'),
          import('../../worker.js'),
        ]);
        const taskQueue = taskQueueOf(session);
        const config = { ...loadConfig(env), ...(taskQueue && { taskQueue }) };
        installRuntime(globals.logLevel, output.stderr, true);
        const { address, namespace } = globals;
        const log = (line: string) => output.say(line);
        // The SDK ends a worker on a signal; before there is one, while Temporal is waited for, this does.
        const interrupt = listenForInterrupt();
        void interrupt.again.then(() => process.exit(EXIT.interrupted));
        try {
          await runWorker({ address, namespace, config, log, signal: interrupt.signal });
        } finally {
          interrupt.release();
        }
        return EXIT.ok;
      }),
    );
}
