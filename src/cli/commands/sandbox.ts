import type { Command } from 'commander';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { listenForInterrupt } from '../interrupt.js';
import { addSandboxOptions, type SandboxCommandOptions } from '../sandbox-options.js';

export function addSandbox(program: Command, perform: Perform): void {
  addSandboxOptions(program.command('sandbox'))
    .summary('serve a Hex on localhost')
    .description(
      'Serves the part of the Hex API that runs need, on localhost, until SIGINT or SIGTERM. See docs/sandbox.md.',
    )
    .addHelpText(
      'after',
      examples('temporal-hex sandbox --port 4390', 'temporal-hex sandbox --limits on --clock-factor 60'),
    )
    .action((options: SandboxCommandOptions, command: Command) =>
      perform(command, async () => {
        await runSandbox(options);
        return EXIT.ok;
      }),
    );
}

/** Starts the sandbox, says where it is, and serves until somebody stops the command. */
export async function runSandbox(
  options: SandboxCommandOptions,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<void> {
  const { startFromOptions } = await import('../start-sandbox.js');
  const interrupt = listenForInterrupt();
  try {
    const sandbox = await startFromOptions(options);
    const token = options.token?.length ? '<the token given by --token>' : 'sandbox';
    write(`Hex sandbox at ${sandbox.url} - export HEX_BASE_URL=${sandbox.url} HEX_API_TOKEN=${token}\n`);
    await interrupt.asked;
    await sandbox.close();
  } finally {
    interrupt.release();
  }
}
