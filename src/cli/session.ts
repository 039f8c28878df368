import type { TemporalHexClient } from '../client.js';
import { durationMs } from '../pipeline/duration.js';
import { CliError, UsageError } from './errors.js';
import { EXIT } from './exit-codes.js';
import type { Output } from './output.js';
import type { TemporalFlags } from './temporal-environment.js';

/** Options that every command has, as commander hands them over. */
export interface GlobalOptions extends TemporalFlags {
  address?: string;
  namespace?: string;
  taskQueue?: string;
  json?: boolean;
  output?: string;
  color?: string;
  logLevel: string;
  clientConnectTimeout?: string;
}

/** What a command works with. */
export interface Session {
  globals: GlobalOptions;
  output: Output;
  /** Variables, those of the `.env` file included. */
  env: NodeJS.ProcessEnv;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** The task queue that was asked for: `--task-queue`, else `HEX_TASK_QUEUE`, else undefined for the default. */
export function taskQueueOf({ globals, env }: Session): string | undefined {
  return globals.taskQueue ?? (env.HEX_TASK_QUEUE || undefined);
}

/** Connects to Temporal for the time of the work. Gives up after 5 s, or `--client-connect-timeout`. */
export async function withClient<T>(
  session: Session,
  work: (client: TemporalHexClient) => Promise<T>,
): Promise<T> {
  const limitMs = connectTimeoutMs(session);
  const where = await addressOf(session);
  await warnOfUnknownVariables(session);
  const { connectClient } = await import('../client.js');
  const { temporalProxyNote } = await import('../network/temporal.js');
  const { address, namespace } = session.globals;
  const connecting = connectClient({ address, namespace, taskQueue: taskQueueOf(session) });
  const client = await within(limitMs, connecting, () => noServer(where, temporalProxyNote(where)));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Nothing goes to Hex from here, so a variable of another tool is no reason to stop; the worker refuses it. */
async function warnOfUnknownVariables({ env, output }: Session): Promise<void> {
  const { unknownHexVariables } = await import('../config.js');
  for (const { variable, message } of unknownHexVariables(env))
    output.say(output.talkColors.yellow(`${variable} ${message}`));
}

function connectTimeoutMs({ globals: { clientConnectTimeout } }: Session): number {
  if (clientConnectTimeout === undefined) return CONNECT_TIMEOUT_MS;
  const ms = durationMs(clientConnectTimeout);
  if (ms !== null) return ms || CONNECT_TIMEOUT_MS;
  const message = `"${clientConnectTimeout}" is not a duration: write "5s" or "1m"`;
  throw new UsageError('The options', [{ path: '--client-connect-timeout', message }]);
}

async function within<T>(limitMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** Where the connection goes to, by flag, variable or profile. */
async function addressOf({ globals }: Session): Promise<string> {
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  try {
    return globals.address ?? loadClientConnectConfig().connectionOptions.address ?? 'localhost:7233';
  } catch (error) {
    const message = `${error instanceof Error ? error.message : error}; check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and the flags of the same meaning`;
    throw new UsageError('The configuration of Temporal', [{ path: '', message }]);
  }
}

function noServer(where: string, route: string): CliError {
  return new CliError(
    `No Temporal server answers at ${where}${route}. Start one with "temporal-hex dev", or name yours with --address or TEMPORAL_ADDRESS.`,
    EXIT.noTemporal,
  );
}

/** Says so when nobody would pick the work up. */
export async function warnWithoutWorker(
  { output }: Session,
  { temporal }: TemporalHexClient,
  taskQueue: string,
): Promise<void> {
  const { pollers } = await temporal.workflowService.describeTaskQueue({
    namespace: temporal.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  if (pollers && pollers.length > 0) return;
  output.say(
    output.talkColors.yellow(
      `No worker has asked task queue "${taskQueue}" for work in the last minutes: start one with "temporal-hex worker".`,
    ),
  );
}
