import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { SandboxError } from './errors.js';
import type { Fault } from './faults.js';
import type { Ledger, LedgerRun } from './ledger.js';
import type { FinalStatus } from './operation.js';
import type { ProjectPatch } from './projects.js';
import { sandboxApp } from './routes.js';
import { endRun, type SeededRun, seedRuns } from './seed.js';
import type { SettingsPatch } from './settings.js';
import { SandboxState } from './state.js';
import { waitForLedger } from './wait-for.js';

/** Options of a sandbox: where it listens, what it begins with, and any of the settings. */
export interface SandboxOptions extends SettingsPatch {
  /** Default 0: any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Serves https with this key and certificate, in PEM. */
  tls?: { key: string; cert: string };
  /** Projects beside the few that every sandbox begins with. */
  projects?: ProjectPatch[];
  /** The script of faults. */
  faults?: Fault[];
  /** Runs that Hex itself started before anything else. */
  runs?: SeededRun[];
  /** The real clock, epoch milliseconds; default Date.now. */
  now?: () => number;
}

/** A running sandbox. */
export interface Sandbox extends AsyncDisposable {
  /** Origin, such as http://127.0.0.1:4390. */
  readonly url: string;
  /** `url` with /api/v1. */
  readonly apiUrl: string;
  /** Where it listens. */
  readonly port: number;
  /** What really happened so far: a copy. */
  ledger(): Ledger;
  /** Adds faults to the script. Throws SandboxError on a fault that cannot be read. */
  script(faults: Fault | Fault[]): void;
  /** Changes settings; those not named stay. */
  settings(patch: SettingsPatch): void;
  /** Declares a project, or changes one. */
  project(project: ProjectPatch): void;
  /** Adds runs that Hex itself started (schedules, app refreshes). */
  seed(runs: SeededRun | SeededRun[]): LedgerRun[];
  /** Ends a living run at once, as somebody in Hex's own pages would; KILLED by default. */
  endRun(runId: string, status?: FinalStatus): LedgerRun;
  /** Moves the sandbox's clock forward by so many ms. */
  advance(ms: number): void;
  /**
   * The first ledger for which the predicate holds; rejects after `timeoutMs` (default 30 s) with the ledger in short.
   */
  waitFor(predicate: (ledger: Ledger) => boolean, timeoutMs?: number): Promise<Ledger>;
  /** Back to the beginning: no runs, no requests, the first settings, projects and faults. */
  reset(): void;
  /** Stops listening and drops every connection, hanging ones too. */
  close(): Promise<void>;
}

/**
 * Starts a Hex on localhost. Throws SandboxError when an option cannot be read or the port is taken.
 *
 * @example
 * const sandbox = await startSandbox({
 *   duration: '100ms',
 *   faults: [{ match: { projectId: 'load-project-id' }, endAs: 'ERRORED' }],
 * });
 * process.env.HEX_BASE_URL = sandbox.url;
 * process.env.HEX_API_TOKEN = 'sandbox';
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', tls, now, ...rest } = options;
  const { projects = [], faults = [], runs = [], ...settings } = rest;
  const begin = (fresh: SandboxState) => void seedRuns(fresh, runs);
  const state = new SandboxState({ settings, projects, faults, begin }, now);
  const app = sandboxApp(state);
  // The adapter must not replace the process's own Request and Response.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = tls ? createHttpsServer(tls, listener) : createHttpServer(listener);
  // Longer than any client keeps an idle connection, so that none is closed under a request.
  server.keepAliveTimeout = 120_000;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: NodeJS.ErrnoException) => {
    const taken = 'the port is taken: choose another, or 0 for any free one';
    const remedy = error.code === 'EADDRINUSE' ? taken : error.message;
    throw new SandboxError(`The sandbox cannot listen on ${host}:${port}: ${remedy}`, { cause: error });
  });

  const address = server.address() as AddressInfo;
  const url = `${tls ? 'https' : 'http'}://${reachable(address)}:${address.port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      state.letGo();
      server.closeAllConnections();
    });
  return {
    url,
    apiUrl: `${url}/api/v1`,
    port: address.port,
    ledger: () => state.ledger(),
    script: (more) => state.faults.add(more),
    settings: (patch) => state.applySettings(patch),
    project: (project) => void state.projects.put(project),
    seed: (runs) => seedRuns(state, runs),
    endRun: (runId, status) => endRun(state, runId, { status }),
    advance: (ms) => {
      state.clock.advance(ms);
      state.changed();
    },
    waitFor: (predicate, timeoutMs = 30_000) => waitForLedger(state, predicate, timeoutMs),
    reset: () => state.reset(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The host to reach the server by: a server on all interfaces is reached by the local one. */
function reachable({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return '127.0.0.1';
  return family === 'IPv6' ? `[${address}]` : address;
}
