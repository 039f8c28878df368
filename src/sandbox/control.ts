import { Hono } from 'hono';
import { z } from 'zod';
import { durationSchema } from './durations.js';
import { readAs, SandboxError } from './errors.js';
import { projectBody } from './projects.js';
import { endRun, seedRuns } from './seed.js';
import { shownSettings } from './settings.js';
import type { SandboxState } from './state.js';

const clockSchema = z.strictObject({ advance: durationSchema });

/** The control plane under /_sandbox: no token, no limits, no faults, never in the ledger. */
export function controlRoutes(state: SandboxState): Hono {
  const control = new Hono();

  control.get('/health', (c) =>
    c.json({ status: 'ok', now: new Date(state.clock.now()).toISOString(), clockFactor: state.clock.factor }),
  );

  control.get('/ledger', (c) => {
    const ledger = state.ledger();
    const projectId = c.req.query('projectId');
    const runId = c.req.query('runId');
    const fits = (entry: { projectId: string | null; runId: string | null }) =>
      (projectId === undefined || entry.projectId === projectId) &&
      (runId === undefined || entry.runId === runId);
    return c.json({ ...ledger, runs: ledger.runs.filter(fits), requests: ledger.requests.filter(fits) });
  });

  control.get('/faults', (c) => c.json(state.faults.waiting()));
  control.post('/faults', async (c) => {
    state.faults.add(await c.req.json());
    return c.json({ waiting: state.faults.waiting().length });
  });
  control.delete('/faults', (c) => {
    state.faults.clear();
    return c.json({ waiting: 0 });
  });

  control.get('/settings', (c) => c.json(shownSettings(state.settings)));
  control.patch('/settings', async (c) => {
    state.applySettings(await c.req.json());
    return c.json(shownSettings(state.settings));
  });

  control.get('/projects', (c) =>
    c.json(state.projects.all().map((project) => projectBody(project, state.clock.now()))),
  );
  control.post('/projects', async (c) => {
    const body: unknown = await c.req.json();
    const projects = (Array.isArray(body) ? body : [body]).map((project) => state.projects.put(project));
    return c.json(projects.map((project) => projectBody(project, state.clock.now())));
  });

  control.post('/runs', async (c) => c.json(seedRuns(state, await c.req.json())));
  control.post('/runs/:runId/end', async (c) =>
    c.json(endRun(state, c.req.param('runId'), await c.req.json())),
  );

  control.post('/clock', async (c) => {
    const { advance } = readAs(clockSchema, await c.req.json(), 'Clock of the sandbox');
    state.clock.advance(advance);
    state.changed();
    return c.json({ now: new Date(state.clock.now()).toISOString() });
  });

  control.post('/reset', (c) => {
    state.reset();
    return c.json({ status: 'ok' });
  });

  control.notFound((c) => c.json({ error: `No ${c.req.method} ${c.req.path}; see /` }, 404));
  control.onError((error, c) => {
    const mine = error instanceof SandboxError || error instanceof SyntaxError;
    return c.json({ error: error.message }, mine ? 400 : 500);
  });
  return control;
}
