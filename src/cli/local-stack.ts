import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { TemporalHexClient } from '../client.js';
import { type Config, loadConfig } from '../config.js';
import { searchAttributes } from '../contract/search-attributes.js';
import { clientRoute } from '../network/temporal.js';
import type { Sandbox } from '../sandbox/index.js';
import {
  type DevServer,
  type DevServerOptions,
  resolveTemporalCli,
  startDevServer,
} from '../temporal-server/index.js';
import { createHexWorker } from '../worker.js';
import { startFromOptions } from './sandbox-options.js';
import { type Session, taskQueueOf } from './session.js';

export interface LocalStackOptions {
  /** Gives the start up. */
  signal: AbortSignal;
  server: Pick<DevServerOptions, 'port' | 'uiPort' | 'dbFilename'>;
  /** Start a sandbox, with a script of faults and a length of runs; null works with the Hex of the environment. */
  sandbox: LocalSandboxOptions | null;
  /** What the janitor does unless `HEX_JANITOR` says otherwise. */
  janitor: Config['janitor'];
}

/** The sandbox of a local stack. */
export interface LocalSandboxOptions {
  script?: string | undefined;
  duration?: string | undefined;
  port?: number | undefined;
  /** `on`: the sandbox has Hex's limits and the worker keeps below them. Default: none. */
  limits?: 'on' | 'off' | undefined;
}

/** A Temporal server, a worker in this process, and perhaps a sandbox. */
export interface LocalStack {
  server: DevServer;
  sandbox: Sandbox | null;
  client: TemporalHexClient;
  config: Config;
  /** The `temporal` command as one types it. */
  cli: string;
  /** Where the Web UI shows a workflow, or null without Web UI. */
  pageOf(workflowId: string): string | null;
  /** Resolves with the reason when the server or the worker ends by itself. */
  broken: Promise<Error>;
  /** Ends all of it in order: the worker drains, the sandbox closes, the server stops. */
  stop(): Promise<void>;
}

/** Starts all of it; what was started is stopped again where something fails. */
export async function startLocalStack(session: Session, options: LocalStackOptions): Promise<LocalStack> {
  const closers: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  };
  const { signal } = options;
  try {
    const log = (line: string) => session.output.say(line);
    const cli = await resolveTemporalCli({ env: session.env, log, signal });
    log(`Temporal CLI ${cli.version}: ${cli.path}`);
    const server = await startDevServer({
      ...options.server,
      cli,
      ...(session.globals.namespace && { namespace: session.globals.namespace }),
      env: session.env,
      searchAttributes: Object.fromEntries(
        Object.values(searchAttributes).map(({ name }) => [name, 'Keyword']),
      ),
      log,
      signal,
    });
    closers.push(() => server.stop());
    signal.throwIfAborted();
    const sandbox = options.sandbox ? await startFromOptions({ port: 0, ...options.sandbox }) : null;
    if (sandbox) closers.push(() => sandbox.close());
    const taskQueue = taskQueueOf(session);
    const config = {
      ...configOf(session, options, sandbox),
      temporalUiUrl: server.uiUrl ?? null,
      ...(taskQueue && { taskQueue }),
    };
    const { address, namespace } = server;
    // Not by the user's profile: its TLS and keys are another server's.
    const connection = await Connection.connect(clientRoute(address));
    closers.push(() => connection.close());
    const native = await NativeConnection.connect({ address });
    closers.push(() => native.close());
    const worker = await createHexWorker({ connection: native, namespace, config, log });
    const running = worker.run();
    closers.push(() => drain(worker, running));
    signal.throwIfAborted();
    return {
      server,
      sandbox,
      config,
      cli: cli.source === 'path' ? 'temporal' : 'npx temporal-hex temporal',
      client: new TemporalHexClient({
        client: new Client({ connection, namespace }),
        taskQueue: config.taskQueue,
      }),
      pageOf: (workflowId) =>
        server.uiUrl && `${server.uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`,
      broken: brokenOf(server, running),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Without HEX_LIMITS=false: starts still go through the limiter, one of a project at a time, so that none is ambiguous. */
const NO_LIMITS = {
  HEX_STARTS_PER_MINUTE: 'none',
  HEX_STARTS_PER_HOUR: 'none',
  HEX_KERNELS: 'none',
  HEX_READS_PER_MINUTE: 'none',
};

function configOf({ env }: Session, options: LocalStackOptions, sandbox: Sandbox | null): Config {
  const HEX_JANITOR = env.HEX_JANITOR || options.janitor;
  if (!sandbox) return loadConfig({ ...env, HEX_JANITOR });
  const { HEX_API_TOKEN_FILE: _file, ...rest } = env;
  return loadConfig({
    ...rest,
    HEX_JANITOR,
    ...(options.sandbox?.limits !== 'on' && NO_LIMITS),
    HEX_BASE_URL: sandbox.url,
    HEX_API_TOKEN: 'sandbox',
  });
}

async function drain(worker: Worker, running: Promise<void>): Promise<void> {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running.catch(() => undefined);
}

function brokenOf(server: DevServer, running: Promise<void>): Promise<Error> {
  const failed = running.then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const gone = server.exited.then(
    ({ code, signal }) => new Error(`The Temporal server has ended by itself (${signal ?? `code ${code}`}).`),
  );
  return Promise.race([failed, gone]);
}
