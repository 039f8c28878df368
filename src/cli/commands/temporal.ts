import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { examples } from '../command.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { listenForInterrupt, orInterrupted, SIGNALS } from '../interrupt.js';

/** The command is here for the help only: `main` hands its arguments over before commander could take some for ours. */
export function addTemporal(program: Command): void {
  program
    .command('temporal')
    .summary('the Temporal CLI that "dev" uses')
    .description(
      'Hands everything after it to the Temporal CLI: TEMPORAL_CLI_PATH, the one on the PATH, or the one that was fetched for "dev".',
    )
    .argument('[args...]')
    .allowUnknownOption()
    .addHelpText(
      'after',
      examples('temporal-hex temporal workflow list', 'temporal-hex temporal schedule list --help'),
    )
    .action(() => {
      throw new CliError(
        'Write "temporal-hex temporal" first, and all options after it: they are the Temporal CLI\'s own.',
        EXIT.badInput,
      );
    });
}

/**
 * Runs the Temporal CLI with these arguments on our own streams; finds or fetches it as `dev` does.
 *
 * @returns its exit code, 128 + the signal's number where one has ended it
 * @throws TemporalCliError without any
 */
export async function runTemporal(
  args: string[],
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<number> {
  const { resolveTemporalCli } = await import('../../temporal-server/resolve.js');
  const interrupt = listenForInterrupt();
  const found = resolveTemporalCli({ env, log: say, signal: interrupt.signal });
  let child: ChildProcess | null = null;
  const handOn = (signal: NodeJS.Signals) => {
    // Ctrl-C on a terminal reaches the child by itself, and a second one would cut its tidying up short.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child?.kill(signal);
  };
  // Before it starts: a signal that comes while it does would kill this process, and leave it behind.
  for (const signal of SIGNALS) process.on(signal, handOn);
  try {
    const { path } = await orInterrupted(found, interrupt).finally(() => interrupt.release());
    child = spawn(path, args, { env, stdio: 'inherit' });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal ?? 'SIGTERM'];
  } finally {
    for (const signal of SIGNALS) process.off(signal, handOn);
  }
}
