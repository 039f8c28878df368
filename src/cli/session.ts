import { durationMs } from '../base/duration.js';
import type { TemporalHexClient } from '../client.js';
import type { LogSettings } from '../config/log.js';
import { UsageError } from './errors.js';
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
  logLevel?: LogSettings['level'];
  logFormat?: LogSettings['format'];
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
/** Task queues that are looked at for one command. */
const MOST_QUEUES = 5;

/** The task queue that was asked for: `--task-queue`, else `HEX_TASK_QUEUE`, else undefined for the default. */
export function taskQueueOf({ globals, env }: Session): string | undefined {
  return globals.taskQueue ?? (env.HEX_TASK_QUEUE || undefined);
}

/** Connects to Temporal for the time of the work. Gives up after 5 s, or `--client-connect-timeout`. */
export async function withClient<T>(
  session: Session,
  work: (client: TemporalHexClient) => Promise<T>,
): Promise<T> {
  const connectTimeout = connectTimeoutMs(session);
  await warnOfUnknownVariables(session);
  const { connectClient } = await import('../client.js');
  const { address, namespace } = session.globals;
  const client = await connectClient({
    ...{ address, namespace },
    taskQueue: taskQueueOf(session),
    limitsTaskQueue: session.env.HEX_LIMITS_TASK_QUEUE || undefined,
    connectTimeoutMs: connectTimeout,
  });
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

/** Says so when nobody would pick the work up, on one task queue or another; on the first few of many. */
export async function warnWithoutWorker(
  { output }: Session,
  client: TemporalHexClient,
  ...taskQueues: readonly string[]
): Promise<void> {
  for (const taskQueue of [...new Set(taskQueues)].slice(0, MOST_QUEUES)) {
    const missing = await missingWorker(client, taskQueue);
    if (missing) output.say(output.talkColors.yellow(missing));
  }
}

/** That nobody works on a task queue, and what to do; null where somebody does. */
export async function missingWorker(
  { temporal }: TemporalHexClient,
  taskQueue: string,
): Promise<string | null> {
  const { queueLook } = await import('../activities/look-at-queue.js');
  const { served, lastAskedAt } = await queueLook(temporal.workflow, taskQueue);
  if (served) return null;
  const since = lastAskedAt ? `since ${lastAskedAt.slice(11, 16)} UTC` : 'in the last minutes';
  return `No worker has asked task queue "${taskQueue}" for work ${since}: start one with "temporal-hex worker --task-queue ${taskQueue}".`;
}
