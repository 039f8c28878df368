import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure, type Client, WorkflowFailedError } from '@temporalio/client';
import { NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { TemporalHexClient } from '../../src/client.js';
import { loadConfig } from '../../src/config.js';
import { environmentConverter } from '../../src/encryption/settings.js';
import type { HexRunInput } from '../../src/run/input.js';
import {
  type Sandbox,
  type SandboxOptions,
  type SettingsPatch,
  startSandbox,
} from '../../src/sandbox/index.js';
import { createHexWorker } from '../../src/worker.js';
import { connectClient, server, uniqueTaskQueue } from './server.js';

/** The token of all tests: long and odd, so that it can be searched for everywhere. */
export const TOKEN = `hxtp_${'5ec7e7'.repeat(16)}`;

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** The workflows as built from the sources, which the global setup does. */
export const workflowBundle = { codePath: `${DIST}workflow-bundle.js` };
const encodedFailuresBundle = { codePath: `${DIST}workflow-bundle-encoded-failures.js` };

/**
 * Poll settings that let a run of milliseconds be followed. Few reads: each is CPU for the server and the worker, and a run
 * of the sandbox's 100 ms is seen to end by the first.
 */
export const FAST: Pick<HexRunInput, 'poll' | 'lateStartGrace' | 'triggerRetryDelay' | 'requestTimeout'> = {
  poll: { min: '20ms', max: '1s', first: '100ms', factor: 0.3 },
  lateStartGrace: '300ms',
  triggerRetryDelay: '50ms',
  requestTimeout: '2s',
};

export interface Harness {
  sandbox: Sandbox;
  hex: TemporalHexClient;
  temporal: Client;
  taskQueue: string;
  /** Environment of a process of ours that uses this sandbox and this server. */
  env: Record<string, string>;
  /** A worker in this process. */
  work(options?: Partial<WorkerOptions>): Promise<void>;
  /** A worker in a process of its own, ready when this resolves. */
  spawnWorker(env?: Record<string, string>): Promise<ChildProcess>;
}

/** Registers something to be done when what was started is no longer needed. */
export type AtEnd = (cleanUp: () => Promise<void>) => void;

export interface HarnessOptions {
  sandbox?: SandboxOptions;
  /** Of the dev server. Default: the shared one. */
  address?: string;
  env?: Record<string, string>;
  /** Start a worker in this process. Default true. */
  worker?: boolean;
  /** What registers the clean-up. Default: `onTestFinished`; `afterAll` for a harness that all tests of a file share. */
  atEnd?: AtEnd;
}

/** A sandbox, a client and a worker on a task queue of their own; all gone when the test has finished. */
export async function harness(options: HarnessOptions = {}): Promise<Harness> {
  const atEnd = options.atEnd ?? onTestFinished;
  const address = options.address ?? server.address;
  const sandbox = await startSandbox({ port: 0, duration: 100, ...options.sandbox });
  atEnd(() => sandbox.close());
  const taskQueue = uniqueTaskQueue();
  const env = {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: server.namespace,
    HEX_BASE_URL: sandbox.url,
    HEX_API_TOKEN: TOKEN,
    HEX_TASK_QUEUE: taskQueue,
    // One limiter for all tests of a connection would make them wait for each other.
    HEX_LIMITS: 'off',
    // Schedules outlive a test, and a janitor that nobody asked for reads.
    HEX_JANITOR: 'off',
    // Nor a keeper, which looks at the schedules of all tests.
    HEX_KEEPER: 'off',
    ...options.env,
  };
  const temporal = await connectClient(address, server.namespace, await environmentConverter(env));
  atEnd(() => temporal.connection.close());
  const rig: Harness = {
    sandbox,
    temporal,
    hex: new TemporalHexClient({ client: temporal, taskQueue }),
    taskQueue,
    env,
    work: (worker = {}) => workHere(address, env, worker, atEnd),
    spawnWorker: (more = {}) => spawnWorker({ ...env, ...more }),
  };
  if (options.worker ?? true) await rig.work();
  return rig;
}

/**
 * A harness that all tests of a file share, made at the head of the file. Each test asks for it, and gets it with nothing
 * in Hex and with these settings of the sandbox. What a worker has learned of a project stays.
 */
export function sharedHarness(options: HarnessOptions = {}): (settings?: SettingsPatch) => Harness {
  let rig: Harness;
  beforeAll(async () => {
    rig = await harness({ ...options, atEnd: afterAll });
  });
  return (settings = {}) => {
    rig.sandbox.reset();
    rig.sandbox.settings(settings);
    return rig;
  };
}

async function workHere(
  address: string,
  env: Record<string, string>,
  options: Partial<WorkerOptions>,
  atEnd: AtEnd,
) {
  const connection = await NativeConnection.connect({ address });
  const config = loadConfig(env);
  const bundle = config.converter.keys.length > 0 ? encodedFailuresBundle : workflowBundle;
  const worker = await createHexWorker({
    connection,
    namespace: server.namespace,
    config,
    // Workflow code runs in this thread: one of its own costs every test half a second of CPU before anything happens.
    worker: { workflowBundle: bundle, debugMode: true, ...options },
  });
  const done = worker.run();
  atEnd(async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await done;
    await connection.close();
  });
}

async function spawnWorker(env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [`${DIST}cli.js`, 'worker'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('works on task queue')) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(`The worker ended before it was ready:\n${said}`)));
  });
  return child;
}

/**
 * Waits for something that becomes true soon; the last resort where there is no event to wait for. Asks the less often
 * the longer it has waited: most probes are requests to the server, and work for it and for a worker.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const beganAt = Date.now();
  for (;;) {
    const value = await probe();
    if (value) return value;
    const waitedMs = Date.now() - beganAt;
    if (waitedMs > timeoutMs) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    const pauseMs = Math.min(Math.max(20, waitedMs / 20), 500);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** The typed failure that a workflow ended with. */
export async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await result.then(
    () => new Error('The workflow completed'),
    (reason: unknown) => reason,
  );
  let cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  while (cause && !(cause instanceof ApplicationFailure)) cause = (cause as Error).cause as Error | undefined;
  if (!cause) throw error;
  return cause;
}
