import { Command, CommanderError, Option } from 'commander';
import { loadDotEnv } from '../config/env-file.js';
import { LOG_FORMATS, LOG_LEVELS } from '../config/log.js';
import { version } from '../version.js';
import type { Perform } from './command.js';
import { addCommands } from './commands.js';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.js';
import { type Format, Output, type OutputOptions, type Stream } from './output.js';
import type { GlobalOptions } from './session.js';
import { applyTemporalFlags } from './temporal-environment.js';

/** What the command needs of the process that it runs in. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  stdout: Stream;
  stderr: Stream;
}

/**
 * The `temporal-hex` command. Resolves with the exit code, of `temporal-hex temporal` the Temporal CLI's own; errors have
 * been told on standard error.
 */
export async function main(args: string[], { env, stdout, stderr }: Surroundings): Promise<number> {
  let code: ExitCode = EXIT.ok;
  const perform: Perform = async (command, work) => {
    const globals = command.optsWithGlobals<GlobalOptions>();
    loadDotEnv('.env', env);
    applyTemporalFlags(globals, env);
    code = await work({ globals, env, output: outputOf(globals, { env, stdout, stderr }) });
  };
  const program = programOf({ stdout, stderr });
  try {
    if (args[0] === 'temporal') {
      loadDotEnv('.env', env);
      const { runTemporal } = await import('./commands/temporal.js');
      return await runTemporal(args.slice(1), env, (line) => void stderr.write(`${line}\n`));
    }
    const given = withOutFile(args);
    await addCommands(program, given, perform);
    await program.parseAsync(given, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    const { explain } = await import('./explain.js');
    const { message, code: failed } = explain(error);
    stderr.write(`${message}\n`);
    return failed;
  }
}

function outputOf(globals: GlobalOptions, { env, stdout, stderr }: Surroundings): Output {
  const { json, output = 'text', color = 'auto' } = globals;
  const format = json ? 'json' : (output as Format);
  return new Output({ stdout, stderr, env, format, color: color as OutputOptions['color'] });
}

function programOf({ stdout, stderr }: Omit<Surroundings, 'env'>): Command {
  const program: Command = new Command('temporal-hex')
    .description(
      'Runs Hex projects durably on Temporal. Also answers to "temporal hex ..." (Temporal CLI 1.6 or newer).',
    )
    .version(version, '-v, --version')
    .option(
      '--address <host:port>',
      'Temporal server (default: TEMPORAL_ADDRESS, your profile, or localhost:7233)',
    )
    .option(
      '--namespace <name>',
      'Temporal namespace (default: TEMPORAL_NAMESPACE, your profile, or default)',
    )
    .option('--task-queue <name>', 'task queue of the worker (default: HEX_TASK_QUEUE, or hex)')
    .option('--json', 'data as JSON; the same as --output json')
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: () => [...everyday(program)] })
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', `\n${EXIT_CODES_HELP}`)
    .exitOverride();
  for (const option of temporalOptions()) program.addOption(option);
  return program;
}

/** `-o` is the format of every command, which `temporal hex ...` hands on; of `console export` it is the file, as one expects. */
function withOutFile(args: string[]): string[] {
  const at = args.indexOf('console');
  if (at < 0 || args[at + 1] !== 'export') return args;
  return args.map((arg, index) => (index > at && arg === '-o' ? '--out-file' : arg));
}

/** The options of every command that its own help shows; the help of the program shows all. */
function everyday({ options }: Command): Option[] {
  return options.filter(({ long }) =>
    ['--address', '--namespace', '--task-queue', '--json'].includes(long ?? ''),
  );
}

/** Options of the `temporal` command, which `temporal hex ...` hands on wherever they stand. */
function temporalOptions(): Option[] {
  return [
    new Option('-o, --output <format>', 'how data is written')
      .choices(['text', 'json', 'jsonl', 'none'])
      .default('text'),
    new Option('--profile <name>', 'profile of the TOML file (default: TEMPORAL_PROFILE, or default)'),
    new Option(
      '--config-file <file>',
      "TOML file (default: TEMPORAL_CONFIG_FILE, or the temporal command's own)",
    ),
    new Option('--disable-config-file', 'do not read the TOML file'),
    new Option('--disable-config-env', 'do not read TEMPORAL_... variables'),
    new Option('--client-connect-timeout <duration>', 'how long to wait for the server (default: 5s)'),
    new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'),
    new Option(
      '--log-level <level>',
      'least that is logged on standard error (default: HEX_LOG_LEVEL or info for a worker, else error)',
    ).choices(LOG_LEVELS),
    new Option(
      '--log-format <format>',
      'text, or a JSON object a line (default: HEX_LOG_FORMAT, or text)',
    ).choices(LOG_FORMATS),
    // These mean nothing here; "temporal hex ..." must not fail because of them.
    ...['--time-format <format>', '--command-timeout <duration>'].map((flags) =>
      new Option(flags).hideHelp(),
    ),
    new Option('--no-json-shorthand-payloads').hideHelp(),
  ];
}
