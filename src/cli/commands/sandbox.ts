import type { Command } from 'commander';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { addSandboxOptions, runSandbox, type SandboxCommandOptions } from '../sandbox-options.js';

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
