import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { version } from '../../version.js';
import { collect, examples, type Perform, portNumber } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readPipelineFile } from '../input/pipeline-file.js';
import { type Interrupt, listenForInterrupt, orInterrupted } from '../interrupt.js';
import type { LocalStack } from '../local-stack.js';
import type { Session } from '../session.js';
import type { OnInterrupt } from '../view/follow.js';

interface DemoOptions {
  keep?: true;
  pipeline?: string;
  param?: string[];
  port?: number;
  script?: string;
}

/** What the demo runs unless told otherwise; read from the package, so that the reader can look at it. */
const PIPELINE = fileURLToPath(new URL('../../../examples/etl.yaml', import.meta.url));

/** Each ends just before a status read (every 2 s at first), so that nobody waits for nothing. */
const DURATIONS = { 'extract-project-id': '1.8s', 'transform-project-id': '3.8s', 'load-project-id': '1.8s' };

const WORKFLOW_ID = 'demo';
/** The console starts beside the worker; the pipeline does not wait for it. */
const LINK_MS = 250;
/** Where everything is kept, people want to look at it: it has been up for long, save on a very busy machine. */
const KEPT_LINK_MS = 5_000;

export function addDemo(program: Command, perform: Perform): void {
  program
    .command('demo')
    .summary('see it work: a pipeline of three projects, without an account')
    .description(
      'Starts a Temporal dev server, a sandbox of Hex and a worker, runs a pipeline of three projects, and removes all of it.',
    )
    .option('--keep', 'keep everything running until Ctrl-C')
    .option('--pipeline <file>', 'run this pipeline instead; against real Hex where HEX_API_TOKEN is set')
    .option('-p, --param <name=value>', 'parameter of the pipeline (repeatable)', collect)
    .option('--port <number>', 'port of the Temporal server (default: 7233, or a free one)', portNumber)
    .option('--script <file>', 'faults for the sandbox, see docs/sandbox.md')
    .addHelpText(
      'after',
      examples('temporal-hex demo --keep', 'HEX_API_TOKEN=... temporal-hex demo --pipeline my-pipeline.yaml'),
    )
    .action((options: DemoOptions, command: Command) =>
      perform(command, (session) => demo(session, options)),
    );
}

async function demo(session: Session, options: DemoOptions): Promise<ExitCode> {
  const { output, env, globals } = session;
  const { bold } = output.talkColors;
  const file = options.pipeline ?? PIPELINE;
  const { input } = await readPipelineFile(file, options);
  const { loadConfig } = await import('../../config.js');
  const { follow } = await import('../view/follow.js');
  const { startLocalStack } = await import('../local-stack.js');
  const { connections } = loadConfig(env, { requireToken: false });
  const real = options.pipeline !== undefined && Object.keys(connections).length > 0;
  const { logErrors } = await import('../logging.js');
  logErrors(globals, output);

  output.say(
    bold(`temporal-hex ${version}: ${real ? 'a pipeline in Hex' : 'a pipeline in a Hex on this machine'}`),
  );
  const interrupt = listenForInterrupt();
  const { port, script } = options;
  const starting = startLocalStack(session, {
    signal: interrupt.signal,
    server: port === undefined ? {} : { port },
    sandbox: real ? null : { duration: '1.8s', script },
    janitor: options.keep ? 'cancel' : 'off',
    keeper: options.keep ? 'on' : 'off',
  });
  let stack: LocalStack | null = null;
  try {
    stack = await orInterrupted(starting, interrupt);
    if (!script) stack.sandbox?.settings({ durations: DURATIONS });
    const link = await stack.console.link(LINK_MS);
    for (const line of describe(stack, file, session, link)) output.say(line);
    await stack.client.startPipeline(input, { workflowId: WORKFLOW_ID });
    const ending = follow(output, stack.client, WORKFLOW_ID, cancelled(session, stack));
    const code = await Promise.race([ending, stack.broken]);
    if (code instanceof Error) throw code;
    if (code === EXIT.interrupted) return code;
    const late = options.keep && link === null ? await stack.console.link(KEPT_LINK_MS) : null;
    for (const line of whatNext(session, stack, options, late)) output.say(line);
    if (options.keep) await untilInterrupted(stack, interrupt);
    return code;
  } finally {
    await Promise.race([stack?.stop(), interrupt.again]);
    interrupt.release();
  }
}

/** Ctrl-C in the demo: nothing of it is left behind, so its runs in Hex are cancelled first. */
function cancelled({ output }: Session, { client }: LocalStack): OnInterrupt {
  return async ({ again }) => {
    output.say('Cancelling the pipeline and its runs in Hex. Ctrl-C again ends at once.');
    await client.cancel(WORKFLOW_ID);
    await Promise.race([client.result(WORKFLOW_ID).catch(() => undefined), again]);
    return EXIT.interrupted;
  };
}

async function untilInterrupted(stack: LocalStack, { asked }: Interrupt): Promise<void> {
  const why = await Promise.race([asked.then(() => null), stack.broken]);
  if (why !== null) throw why;
}

function describe(stack: LocalStack, file: string, { output }: Session, link: string | null): string[] {
  const { server, sandbox, config } = stack;
  const { bold, dim, cyan } = output.talkColors;
  const hosts = Object.values(config.connections).map(({ baseUrl }) => baseUrl);
  return [
    '',
    `  ${bold('Temporal')}  ${server.address}`,
    `  ${bold('Hex')}       ${sandbox ? `${sandbox.url} ${dim('(the sandbox)')}` : hosts.join(', ')}`,
    `  ${bold('Pipeline')}  ${shortPath(file)}`,
    `  ${bold('Web UI')}    ${cyan(stack.pageOf(WORKFLOW_ID) ?? 'none')}`,
    ...(link === null ? [] : [`  ${bold('Console')}   ${cyan(link)}`]),
    '',
  ];
}

/** What one can do with it now, or without it. */
function whatNext(
  { output }: Session,
  { server, cli, config, sandbox }: LocalStack,
  { keep }: DemoOptions,
  link: string | null,
): string[] {
  const { bold, cyan, dim } = output.talkColors;
  const project = sandbox ? 'extract-project-id' : '<project id>';
  const queue = config.taskQueue;
  const at = server.port === 7233 ? '' : ` --address ${server.address}`;
  const input = `'{"projectId": "${project}", "inputParams": {"date": "2026-01-31"}}'`;
  if (keep)
    return [
      '',
      ...(link === null ? [] : [`${bold('Console')}  ${cyan(link)}`, '']),
      bold('Everything is kept running until Ctrl-C. In another terminal:'),
      `  npx temporal-hex run ${project}${at} -p date=2026-01-31 --wait`,
      `  npx temporal-hex pipeline examples/etl.yaml${at} --wait`,
      `  ${cli} workflow execute${at} --type hexRun --task-queue ${queue} --workflow-id first --input ${input}`,
    ];
  return [
    '',
    bold('What to try next:'),
    `  npm run demo -- --keep                 ${dim('the same, and it stays: look at the console, start runs of your own')}`,
    `  npx temporal-hex dev                   ${dim('a server, a worker and a sandbox to work with')}`,
    `  HEX_API_TOKEN=... npx temporal-hex dev ${dim('the same with your Hex')}`,
    `  npx temporal-hex --help                ${dim('everything else; README.md tells more')}`,
  ];
}

function shortPath(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}
