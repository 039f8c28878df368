import { type Command, Option } from 'commander';
import { examples, type Perform, portNumber } from '../command.js';
import { refuse } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { listenForInterrupt, orInterrupted } from '../interrupt.js';
import type { LocalStack } from '../local-stack.js';
import type { SandboxCommandOptions } from '../sandbox-options.js';
import type { Session } from '../session.js';

interface DevOptions extends Pick<SandboxCommandOptions, 'duration' | 'script' | 'limits'> {
  port?: number;
  uiPort?: number;
  dbFilename?: string;
  sandbox?: true;
  sandboxPort?: number;
}

/** The console starts beside the worker, and is up before it as a rule. */
const LINK_MS = 3_000;

export function addDev(program: Command, perform: Perform): void {
  program
    .command('dev')
    .summary('a Temporal server and a worker on this machine')
    .description(
      'Starts a Temporal dev server and a worker, and a sandbox of Hex where no token is set, until Ctrl-C.',
    )
    .option(
      '--port <number>',
      'port of the Temporal server; another one is used, and said, when it is taken (default: 7233)',
      portNumber,
    )
    .option('--ui-port <number>', 'port of the Web UI (default: --port + 1000)', portNumber)
    .option(
      '--db-filename <file>',
      'keep workflows in this file; they go on at the next start (default: in memory)',
    )
    .option('--sandbox', 'use the sandbox even where a token is set')
    .option('--sandbox-port <number>', 'port of the sandbox (default: any free one)', portNumber)
    .option('--duration <time>', 'how long a run takes in the sandbox: 250ms, 5s, 10m (default: 5s)')
    .option('--script <file>', 'faults for the sandbox, see docs/sandbox.md')
    .addOption(
      new Option(
        '--limits <switch>',
        "give the sandbox Hex's limits, which the worker then keeps (default: off; a real Hex always has them)",
      ).choices(['on', 'off']),
    )
    .addHelpText(
      'after',
      examples('temporal-hex dev', 'HEX_API_TOKEN=... temporal-hex dev --db-filename hex.db'),
    )
    .action((options: DevOptions, command: Command) => perform(command, (session) => dev(session, options)));
}

async function dev(session: Session, options: DevOptions): Promise<typeof EXIT.ok> {
  const { output, env, globals } = session;
  const { loadConfig } = await import('../../config.js');
  const { startLocalStack } = await import('../local-stack.js');
  const { connections } = loadConfig(env, { requireToken: false });
  const withSandbox = options.sandbox || Object.keys(connections).length === 0;
  if (!withSandbox && options.limits === 'off')
    refuse('The options', [
      { path: '--limits', message: 'is for the sandbox; with your Hex, set HEX_LIMITS=false if you must' },
    ]);
  const { logErrors } = await import('../logging.js');
  logErrors(globals, output);
  const { port, uiPort, dbFilename, sandboxPort, duration, script, limits } = options;
  const interrupt = listenForInterrupt();
  const starting = startLocalStack(session, {
    signal: interrupt.signal,
    server: {
      ...(port !== undefined && { port }),
      ...(uiPort !== undefined && { uiPort }),
      ...(dbFilename && { dbFilename }),
    },
    sandbox: withSandbox ? { port: sandboxPort ?? 0, duration, script, limits } : null,
    janitor: 'cancel',
    keeper: 'on',
  });
  try {
    const stack = await orInterrupted(starting, interrupt);
    const link = await stack.console.link(LINK_MS);
    for (const line of describe(session, stack, { limits, link })) output.say(line);
    const why = await Promise.race([interrupt.asked.then(() => null), stack.broken]);
    output.say('Stopping: the worker finishes what is in flight. Ctrl-C again ends at once.');
    if (why === null && !withSandbox && !dbFilename) await tellOpen(session, stack);
    await Promise.race([stack.stop(), interrupt.again]);
    if (why !== null) throw why;
    return EXIT.ok;
  } finally {
    interrupt.release();
  }
}

function describe(
  { output }: Session,
  { server, sandbox, config, cli }: LocalStack,
  { limits, link }: Pick<DevOptions, 'limits'> & { link: string | null },
): string[] {
  const { bold, dim } = output.talkColors;
  const hex = sandbox
    ? `${sandbox.url} ${dim('(sandbox: no token is set, or --sandbox)')}`
    : Object.values(config.connections)
        .map(({ name, baseUrl }) => `${baseUrl} (${name})`)
        .join(', ');
  const address = server.port === 7233 ? '' : ` --address ${server.address}`;
  const queue = config.taskQueue === 'hex' ? '' : ` --task-queue ${config.taskQueue}`;
  const project = sandbox ? 'extract-project-id' : '<project id>';
  const input = `'{"projectId": "${project}"}'`;
  return [
    '',
    `  ${bold('Temporal')}    ${server.address}, namespace ${server.namespace}`,
    `  ${bold('Web UI')}      ${server.uiUrl ?? 'none'}`,
    `  ${bold('Console')}     ${link ?? 'not started: see "temporal-hex console"'}`,
    `  ${bold('Hex')}         ${hex}`,
    ...(sandbox
      ? [`  ${bold('Limits')}      ${limits === 'on' ? "Hex's own" : "none; --limits on for Hex's own"}`]
      : []),
    `  ${bold('Task queue')}  ${config.taskQueue}`,
    '',
    'Try, in another terminal:',
    `  npx temporal-hex run ${project}${address}${queue} --wait`,
    `  ${cli} workflow execute${address} --type hexRun --task-queue ${config.taskQueue} --workflow-id first --input ${input}`,
    '',
    'Ctrl-C ends all of it.',
  ];
}

/** Runs in the real Hex outlive a server that keeps nothing. */
async function tellOpen({ output }: Session, { client }: LocalStack): Promise<void> {
  const { count } = await client.temporal.workflow.count(
    'WorkflowType="hexRun" AND ExecutionStatus="Running"',
  );
  if (count > 0)
    output.say(
      `${count} runs in Hex go on without anybody watching: with --db-filename the next start would take them up again.`,
    );
}
