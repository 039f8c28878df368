import { readFile, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { collect, examples, type Perform, portNumber } from '../command.js';
import { isSecretOfHex } from '../console-beside.js';
import { CliError, UsageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { listenForInterrupt } from '../interrupt.js';
import { type Session, taskQueueOf } from '../session.js';

interface ConsoleFlags {
  port: number;
  host: string;
  readOnly?: true;
  token?: string;
  trustProxyHeader?: string;
  allowHost?: string[];
}

interface ExportFlags {
  outFile: string;
  runId?: string;
}

const CONSOLE_PORT = 8400;

export function addConsole(program: Command, perform: Perform): void {
  const command = program
    .command('console')
    .summary('see and steer pipelines in the browser')
    .description(
      'Serves pages of pipelines, runs, schedules and backfills until SIGINT or SIGTERM. It needs Temporal only, and no token of Hex. See docs/console.md.',
    )
    .option('--port <number>', 'where to listen', portNumber, CONSOLE_PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--read-only', 'only show: nothing can be started, stopped or decided')
    .option(
      '--token <text>',
      'what people sign in with; in TEMPORAL_HEX_CONSOLE_TOKEN nobody sees it in a list of processes',
    )
    .option('--trust-proxy-header <name>', 'header in which a proxy in front says who it is')
    .option(
      '--allow-host <name>',
      'name by which it is asked, beside those of this machine (repeatable)',
      collect,
    )
    .addHelpText(
      'after',
      examples(
        'temporal-hex console',
        'temporal-hex console --host 0.0.0.0 --trust-proxy-header X-Forwarded-User --allow-host hex.example.com',
        'temporal-hex console export daily-etl-2026-01-31 --out-file run.html',
      ),
    )
    .action((flags: ConsoleFlags) => perform(command, (session) => serve(session, flags)));
  command
    .command('export')
    .summary('write a run into one HTML file')
    .description(
      'Writes a run of a pipeline into one HTML file that needs no server: to mail it, or to keep it with a ticket.',
    )
    .argument('<workflow-id>', 'of the pipeline or the run')
    .requiredOption('--out-file <file>', 'where to write it')
    .option(
      '--run-id <id>',
      "Temporal's run id, where the workflow id has several executions (default: the newest)",
    )
    .action((workflowId: string, flags: ExportFlags, sub: Command) =>
      perform(sub, (session) => writeRun(session, workflowId, flags)),
    );
}

async function serve(session: Session, flags: ConsoleFlags): Promise<ExitCode> {
  const { env, output, globals } = session;
  // It may stand in .env; what this process does not have, nobody can get out of it.
  for (const name of Object.keys(env).filter(isSecretOfHex)) delete env[name];
  const { isLocal, lazyClient, startConsole } = await import('../../console/process.js');
  // It stands beside everything else on somebody's machine, and waits most of the time; loading is quicker without.
  setFlagsFromString('--optimize-for-size');
  const token = await tokenOf(flags, env);
  checkAccess(flags, token, isLocal(flags.host));
  const interrupt = listenForInterrupt();
  const client = await lazyClient({ address: globals.address, namespace: globals.namespace });
  try {
    const { port, host } = flags;
    const started = await startConsole({
      ...{ client, port, host, token },
      taskQueue: taskQueueOf(session),
      limitsTaskQueue: env.HEX_LIMITS_TASK_QUEUE || undefined,
      temporalUi: env.TEMPORAL_UI_URL || null,
      allowHosts: flags.allowHost,
      trustProxyHeader: flags.trustProxyHeader ?? null,
      readOnly: flags.readOnly ?? false,
    }).catch((error: Error) => {
      throw new CliError(`The console cannot listen: ${error.message}`, EXIT.badInput);
    });
    output.say(`Console at ${started.link}`);
    process.send?.({ link: started.link });
    if (token === null && !flags.trustProxyHeader)
      output.say('The link signs in one browser; the next one is printed after that.');
    const stopTelling = tellLinks(session, started);
    await Promise.race([interrupt.asked, parentGone()]);
    stopTelling();
    await started.close();
    return EXIT.ok;
  } finally {
    interrupt.release();
    await client.connection.close();
  }
}

async function tokenOf({ token }: ConsoleFlags, env: NodeJS.ProcessEnv): Promise<string | null> {
  const { TEMPORAL_HEX_CONSOLE_TOKEN: given, TEMPORAL_HEX_CONSOLE_TOKEN_FILE: file } = env;
  if (token !== undefined || given || !file) return token ?? (given || null);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message}`;
    throw new UsageError('The environment', [{ path: 'TEMPORAL_HEX_CONSOLE_TOKEN_FILE', message }]);
  }
}

/** Resolves when the command that started this one beside itself has gone. */
function parentGone(): Promise<void> {
  return new Promise((resolve) => {
    if (process.channel) process.once('disconnect', resolve);
  });
}

/** Prints the next link when one has been used. */
function tellLinks({ output }: Session, started: { readonly link: string }): () => void {
  let told = started.link;
  const timer = setInterval(() => {
    if (started.link === told) return;
    told = started.link;
    output.say(`For another browser: ${told}`);
  }, 1_000);
  return () => clearInterval(timer);
}

function checkAccess(flags: ConsoleFlags, token: string | null, local: boolean): void {
  const refuse = (path: string, message: string): never => {
    throw new UsageError('The options', [{ path, message }]);
  };
  if (token !== null && token.length < 16)
    refuse('--token', 'must have 16 characters or more, such as those of "openssl rand -hex 24"');
  if (flags.trustProxyHeader !== undefined && !/^[A-Za-z0-9-]+$/.test(flags.trustProxyHeader))
    refuse(
      '--trust-proxy-header',
      `"${flags.trustProxyHeader}" is not the name of a header, such as X-Forwarded-User`,
    );
  if (flags.trustProxyHeader !== undefined && token !== null)
    refuse('--token', 'goes not together with --trust-proxy-header, which decides alone who gets in');
  if (!local && token === null && flags.trustProxyHeader === undefined)
    refuse(
      '--host',
      `${flags.host} can be reached by others: give --token, or --trust-proxy-header behind a proxy that signs people in`,
    );
}

async function writeRun(session: Session, workflowId: string, flags: ExportFlags): Promise<ExitCode> {
  const { withClient } = await import('../session.js');
  const { exportRun } = await import('../../console/export.js');
  return withClient(session, async ({ temporal, taskQueue }) => {
    const temporalUi = session.env.TEMPORAL_UI_URL || null;
    const limitsTaskQueue = session.env.HEX_LIMITS_TASK_QUEUE || undefined;
    const { runId } = flags;
    const html = await exportRun({
      ...{ client: temporal, taskQueue, limitsTaskQueue, temporalUi, workflowId, runId },
    });
    await writeFile(flags.outFile, html);
    session.output.say(`${flags.outFile}: ${workflowId}, ${Math.ceil(html.length / 1_024)} KiB`);
    return EXIT.ok;
  });
}
