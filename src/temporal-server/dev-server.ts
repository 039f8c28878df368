import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DevServerError, reasonOf } from './errors.js';
import { choosePort } from './ports.js';
import { type SearchAttributeTypeName, waitUntilReady } from './ready.js';
import { createReporter, type Reporter, type ReportOptions } from './reporter.js';
import { resolveTemporalCli, type TemporalCli } from './resolve.js';
import { type ServerExit, type Supervised, supervise } from './supervisor.js';

/** Temporal's own default port; its Web UI is 1000 above. */
const DEFAULT_PORT = 7233;
const UI_PORT_OFFSET = 1000;
/** A start takes half a second; ten times that on a busy machine is still far from this. */
const START_LIMIT_MS = 30_000;
/** How often another port is tried when somebody takes the chosen one in between. */
const PORT_ATTEMPTS = 3;

/**
 * The server's defaults hand out 20 tasks a second for each shard, and a dev server has one: a chain of 40 steps took 4
 * s instead of 0.4 s. They also add up to a second to every timer, as room for clocks of several hosts that differ: 20
 * timers of 5 ms took 20 s instead of 0.4 s. Server 1.32 makes eager activities the default. The CLI has the server
 * read the search attributes anew for every workflow, a fifth of its CPU; now one that is added later is known within a
 * minute.
 */
const DYNAMIC_CONFIG: Record<string, string | number | boolean> = {
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  'history.visibilityProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxTimeShift': '10ms',
  'system.enableActivityEagerExecution': true,
  'system.forceSearchAttributesCacheRefreshOnRead': false,
};

/** How a dev server is started. */
export interface DevServerOptions extends ReportOptions {
  /** The port for gRPC. Default 7233. A free one is used, and said, when it is taken; 0 means any. */
  port?: number;
  /** The port of the Web UI, or false for none. Default: `port` + 1000; a free one is used when it is taken. */
  uiPort?: number | false;
  /** A file that keeps everything beyond the server's end. Default: in memory. */
  dbFilename?: string;
  /** The namespace to use, made when it is not there. Default: default. */
  namespace?: string;
  /** Search attributes to register in the namespace, name to type. */
  searchAttributes?: Record<string, SearchAttributeTypeName>;
  /** Further dynamic configuration, above the settings that make the server fast. */
  dynamicConfig?: Record<string, string | number | boolean>;
  /** The CLI to start it with. Default: the one that `resolveTemporalCli` finds. */
  cli?: Pick<TemporalCli, 'path'>;
  /** The environment of the server and of the search for the CLI. Default: process.env. */
  env?: NodeJS.ProcessEnv;
  /** Gives the start up: the promise then rejects with its reason, and no process is left. */
  signal?: AbortSignal | undefined;
}

/** A dev server that lives no longer than this process, however this process ends. */
export interface DevServer {
  /** `127.0.0.1:<port>`. */
  address: string;
  port: number;
  /** Where the Web UI is, or null without one. */
  uiUrl: string | null;
  namespace: string;
  /** Of the server process itself. */
  pid: number;
  /** Resolves when the server process is gone, whether it was stopped or crashed. */
  exited: Promise<ServerExit>;
  /** Ends it in order; about a second. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, as a crash would. */
  kill(): Promise<void>;
}

/** Starts `temporal server start-dev` and resolves when the namespace can be used. Fails with `DevServerError`. */
export async function startDevServer(options: DevServerOptions = {}): Promise<DevServer> {
  const reporter = createReporter(options);
  const env = options.env ?? process.env;
  const { path } = options.cli ?? (await resolveTemporalCli({ ...options, env }));
  if (options.dbFilename) await mkdir(dirname(options.dbFilename), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(options, reporter);
    try {
      return await startOn(ports, path, options, env);
    } catch (error) {
      const raced =
        error instanceof DevServerError && /address already in use|can't set \w+ port/i.test(error.output);
      if (!raced || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

interface Ports {
  port: number;
  uiPort: number | null;
}

async function choosePorts(options: DevServerOptions, reporter: Reporter): Promise<Ports> {
  const wanted = options.port ?? DEFAULT_PORT;
  const port = await choosePort(wanted);
  if (wanted !== 0 && port !== wanted)
    reporter.log(`Port ${wanted} is taken; the Temporal server uses ${port}`);
  if (options.uiPort === false) return { port, uiPort: null };
  const wantedUi = options.uiPort ?? (port + UI_PORT_OFFSET <= 65_535 ? port + UI_PORT_OFFSET : 0);
  const uiPort = await choosePort(wantedUi);
  if (wantedUi !== 0 && uiPort !== wantedUi)
    reporter.log(`Port ${wantedUi} is taken; the Web UI uses ${uiPort}`);
  return { port, uiPort };
}

async function startOn(
  { port, uiPort }: Ports,
  cliPath: string,
  options: DevServerOptions,
  env: NodeJS.ProcessEnv,
): Promise<DevServer> {
  const namespace = options.namespace ?? 'default';
  const searchAttributes = options.searchAttributes ?? {};
  const args = startDevArguments({ port, uiPort }, namespace, options);
  const server = await supervise(cliPath, args, withoutSecrets(env)).catch((error: unknown) => {
    throw new DevServerError(
      `The Temporal server could not be started with ${cliPath}: ${reasonOf(error)}`,
      '',
    );
  });
  await orDeath(server, options.signal, async (signal) => {
    await waitUntilReady(port, namespace, searchAttributes, signal);
    await announced(server, signal);
  });
  server.unref();
  return {
    address: `127.0.0.1:${port}`,
    port,
    uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`,
    namespace,
    pid: server.pid,
    exited: server.exited,
    stop: () => server.stop(),
    kill: () => server.kill(),
  };
}

function startDevArguments({ port, uiPort }: Ports, namespace: string, options: DevServerOptions): string[] {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'error'];
  args.push('--namespace', namespace);
  args.push(...(uiPort === null ? ['--headless'] : ['--ui-port', `${uiPort}`]));
  for (const [key, value] of Object.entries({ ...DYNAMIC_CONFIG, ...options.dynamicConfig })) {
    args.push('--dynamic-config-value', `${key}=${JSON.stringify(value)}`);
  }
  for (const [name, type] of Object.entries(options.searchAttributes ?? {})) {
    args.push('--search-attribute', `${name}=${type}`);
  }
  if (options.dbFilename) {
    args.push('--db-filename', options.dbFilename);
    // A write-ahead log needs one sync where SQLite's default needs several; a crash of the process loses nothing.
    args.push('--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL');
  }
  return args;
}

/** The server has no use for Hex's tokens. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('HEX_')));
}

/**
 * What answered may be somebody else's server that took the port a moment before ours, which is then about to end. Ours
 * prints "Temporal Server: host:port" once it listens; should a later CLI word it otherwise, a second without a death
 * will do.
 */
async function announced(server: Supervised, signal: AbortSignal): Promise<void> {
  const until = performance.now() + 1_000;
  while (!/Server:/.test(server.output()) && performance.now() < until)
    await delay(10, undefined, { signal });
}

/** Waits for the server to be ready, for its early death, for the time limit, or for the signal, whichever is first. */
async function orDeath(
  server: Supervised,
  signal: AbortSignal | undefined,
  wait: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const giveUp = () => over.abort();
  const timer = setTimeout(giveUp, START_LIMIT_MS);
  signal?.addEventListener('abort', giveUp);
  if (signal?.aborted) giveUp();
  const ended = server.exited.then(
    ({ code, signal }) => `ended with ${signal ?? `code ${code}`} while starting`,
  );
  const waited = wait(over.signal).then(
    () => null,
    (error: unknown) =>
      over.signal.aborted
        ? `was not ready within ${START_LIMIT_MS / 1000} s`
        : `does not answer: ${reasonOf(error)}`,
  );
  const failure = await Promise.race([waited, ended]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', giveUp);
  over.abort();
  if (failure === null) return;
  await server.stop();
  signal?.throwIfAborted();
  throw new DevServerError(`The Temporal server ${failure}.`, server.output());
}
