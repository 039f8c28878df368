import type { TemporalHexClient } from '../client.js';
import { type Config, loadConfig } from '../config.js';
import { sandboxConfig } from '../local-stack/sandbox-config.js';
import { startLocalServer } from '../local-stack/server.js';
import { startLocalWorker } from '../local-stack/worker.js';
import type { Sandbox } from '../sandbox/index.js';
import type { DevServer, DevServerOptions } from '../temporal-server/index.js';
import { checkTokens } from '../worker/token-checks.js';
import { type ConsoleBeside, consoleBeside } from './console-beside.js';
import { type Session, taskQueueOf } from './session.js';
import { startFromOptions } from './start-sandbox.js';

/** What a local stack is made of. */
export interface LocalStackOptions {
  /** Gives the start up. */
  signal: AbortSignal;
  server: Pick<DevServerOptions, 'port' | 'uiPort' | 'dbFilename'>;
  /** Start a sandbox, with a script of faults and a length of runs; null works with the Hex of the environment. */
  sandbox: LocalSandboxOptions | null;
  /** What the janitor does unless `HEX_JANITOR` says otherwise. */
  janitor: Config['janitor'];
  /** Whether the keeper watches schedules, unless `HEX_KEEPER` says otherwise. */
  keeper: Config['keeper'];
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
  /** The pages in the browser. */
  console: ConsoleBeside;
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
    const { server, cli } = await startLocalServer({
      ...options.server,
      ...(session.globals.namespace && { namespace: session.globals.namespace }),
      env: session.env,
      log,
      signal,
    });
    closers.push(() => server.stop());
    signal.throwIfAborted();
    const beside = consoleBeside(server, taskQueueOf(session) ?? 'hex', session.env);
    closers.push(async () => beside.stop());
    const sandbox = options.sandbox ? await startFromOptions({ port: 0, ...options.sandbox }) : null;
    if (sandbox) closers.push(() => sandbox.close());
    const taskQueue = taskQueueOf(session);
    const config = {
      ...configOf(session, options, sandbox),
      temporalUiUrl: server.uiUrl ?? null,
      ...(taskQueue && { taskQueue }),
    };
    const { address, namespace } = server;
    const worker = await startLocalWorker({ address, namespace, config, log });
    closers.push(() => worker.stop());
    if (!sandbox) {
      // Nobody waits for it: a Hex out of reach takes its time.
      const checking = checkTokens(config, { log });
      closers.push(async () => (await checking)());
    }
    signal.throwIfAborted();
    return {
      server,
      sandbox,
      config,
      cli: cli.source === 'path' ? 'temporal' : 'npx temporal-hex temporal',
      client: worker.client,
      console: beside,
      pageOf: (workflowId) =>
        server.uiUrl && `${server.uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`,
      broken: brokenOf(server, worker.running),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configOf({ env }: Session, options: LocalStackOptions, sandbox: Sandbox | null): Config {
  const given = {
    ...env,
    HEX_JANITOR: env.HEX_JANITOR || options.janitor,
    HEX_KEEPER: env.HEX_KEEPER || options.keeper,
  };
  return sandbox ? sandboxConfig(given, sandbox, options.sandbox?.limits === 'on') : loadConfig(given);
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
