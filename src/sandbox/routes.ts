import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { controlRoutes } from './control.js';
import { exchange } from './exchange.js';
import { runEntry } from './ledger.js';
import type { Operation } from './operation.js';
import type { SandboxState } from './state.js';

const about = `This is the temporal-hex sandbox: a stand-in for the Hex API on this machine. No Hex is behind it.

API        /api/v1/projects, /api/v1/projects/{id}/runs, ... (any bearer token, unless it was started with --token)
Ledger     /_sandbox/ledger      what really happened: every run, every request
Faults     /_sandbox/faults      POST a fault or a list of them
Settings   /_sandbox/settings    GET, PATCH
Projects   /_sandbox/projects    GET, POST
Runs       /_sandbox/runs        POST runs that Hex started itself
Clock      /_sandbox/clock       POST {"advance": "1h"}
Reset      /_sandbox/reset       POST
Health     /_sandbox/health
`;

/** All addresses of a sandbox: Hex's API, the control plane, and two pages for people. */
export function sandboxApp(state: SandboxState): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>({ strict: false });
  const serve = (method: string, path: string, operation: Operation) =>
    app.on(method, `/api/v1${path}`, (c) => exchange(state, operation, c));
  // The singular paths are in the clients of before 2025, and in packages that still run.
  const serveOld = (method: string, path: string, operation: Operation) =>
    app.on(method, `/api/v1${path}`, (c) =>
      exchange(state, state.settings.singularPaths ? operation : null, c),
    );

  serve('GET', '/users/me', 'whoAmI');
  serve('GET', '/projects', 'listProjects');
  serve('GET', '/projects/:projectId', 'getProject');
  serve('POST', '/projects/:projectId/runs', 'runProject');
  serve('GET', '/projects/:projectId/runs', 'listProjectRuns');
  serve('GET', '/projects/:projectId/runs/:runId', 'getRunStatus');
  serve('DELETE', '/projects/:projectId/runs/:runId', 'cancelRun');
  serveOld('POST', '/project/:projectId/run', 'runProject');
  serveOld('GET', '/project/:projectId/runs', 'listProjectRuns');
  serveOld('GET', '/project/:projectId/run/:runId', 'getRunStatus');
  serveOld('DELETE', '/project/:projectId/run/:runId', 'cancelRun');
  app.all('/api/*', (c) => exchange(state, null, c));

  app.route('/_sandbox', controlRoutes(state));
  app.get('/', (c) => c.text(about));
  app.get('/sandbox/app/:projectId/:runId', (c) => {
    const run = state.runs.get(c.req.param('projectId'), c.req.param('runId'));
    if (run === null) return c.text('The sandbox knows no such run.\n', 404);
    return c.text(
      `A run of the temporal-hex sandbox\n\n${JSON.stringify(runEntry(run, state.clock.now()), null, 2)}\n`,
    );
  });
  app.notFound((c) => c.text('Nothing here. See / for what the sandbox serves.\n', 404));
  return app;
}
