import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { hex, startRun } from '../support/sandbox-http.js';

const start = Date.parse('2026-10-01T06:00:00.000Z');
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a run in the sandbox', () => {
  let sandbox: Sandbox;
  const status = async (runId: string, projectId = 'p') =>
    (await hex(sandbox, 'GET', `/projects/${projectId}/runs/${runId}`)).json;

  beforeEach(async () => {
    // The real clock stands still: only advance() moves time.
    sandbox = await startSandbox({ now: () => start, duration: { pending: '1s', running: '4s' } });
  });
  afterEach(() => sandbox.close());

  it('is started with 201 and the documented body, with UUIDs and no status', async () => {
    const { status: code, json } = await hex(sandbox, 'POST', '/projects/extract-project-id/runs');
    expect(code).toBe(201);
    expect(Object.keys(json).sort()).toEqual(
      ['projectId', 'projectVersion', 'runId', 'runStatusUrl', 'runUrl', 'traceId'].sort(),
    );
    expect(json.runId).toMatch(uuid);
    expect(json.projectVersion).toBe(7);
    expect(json.runUrl.endsWith(`/${json.runId}`)).toBe(true);
    expect(json.runStatusUrl).toBe(`${sandbox.apiUrl}/projects/extract-project-id/runs/${json.runId}`);
  });

  it('goes from PENDING over RUNNING to COMPLETED at exactly the scripted times, with null times until known', async () => {
    const runId = await startRun(sandbox);
    expect(await status(runId)).toMatchObject({
      status: 'PENDING',
      startTime: null,
      endTime: null,
      elapsedTime: null,
      runTrigger: 'API',
      projectVersion: '7',
    });
    sandbox.advance(999);
    expect((await status(runId)).status).toBe('PENDING');
    sandbox.advance(1);
    expect(await status(runId)).toMatchObject({
      status: 'RUNNING',
      startTime: '2026-10-01T06:00:01.000Z',
      endTime: null,
      elapsedTime: null,
    });
    sandbox.advance(3_999);
    expect((await status(runId)).status).toBe('RUNNING');
    sandbox.advance(1);
    const over = await status(runId);
    expect(over).toMatchObject({
      status: 'COMPLETED',
      startTime: '2026-10-01T06:00:01.000Z',
      endTime: '2026-10-01T06:00:05.000Z',
      elapsedTime: 4_000,
    });
    expect(over).not.toHaveProperty('statusMessage');
  });

  it('is over at the first read when runs take no time', async () => {
    sandbox.settings({ duration: 0 });
    const body = await status(await startRun(sandbox));
    expect(body).toMatchObject({ status: 'COMPLETED', elapsedTime: 0 });
    expect(body.startTime).toBe(body.endTime);
  });

  it('takes the duration of its own project', async () => {
    sandbox.settings({ durations: { slow: '1h' } });
    const slow = await startRun(sandbox, 'slow');
    const quick = await startRun(sandbox, 'quick');
    sandbox.advance(5_000);
    expect((await status(slow, 'slow')).status).toBe('RUNNING');
    expect((await status(quick, 'quick')).status).toBe('COMPLETED');
  });

  it('is killed by a cancel, which answers 204 with nothing at all', async () => {
    const runId = await startRun(sandbox);
    sandbox.advance(2_000);
    const cancelled = await hex(sandbox, 'DELETE', `/projects/p/runs/${runId}`);
    expect(cancelled.status).toBe(204);
    expect(cancelled.text).toBe('');
    expect(cancelled.headers.get('content-type')).toBeNull();
    expect(await status(runId)).toMatchObject({
      status: 'KILLED',
      endTime: '2026-10-01T06:00:02.000Z',
      elapsedTime: 1_000,
    });
    const [entry] = sandbox.ledger().runs;
    expect(entry).toMatchObject({
      status: 'KILLED',
      alive: false,
      cancelRequestedAt: '2026-10-01T06:00:02.000Z',
      endedAt: '2026-10-01T06:00:02.000Z',
      cancelRequests: 1,
    });
  });

  it('keeps null times when it is killed while PENDING', async () => {
    const runId = await startRun(sandbox);
    await hex(sandbox, 'DELETE', `/projects/p/runs/${runId}`);
    expect(await status(runId)).toMatchObject({ status: 'KILLED', startTime: null, elapsedTime: null });
  });

  it.each([
    [422, 422],
    [404, 404],
    [204, 204],
  ] as const)('answers a cancel of a finished run as the setting says (%i)', async (setting, expected) => {
    sandbox.settings({ cancelFinished: setting });
    const runId = await startRun(sandbox);
    sandbox.advance(10_000);
    const answer = await hex(sandbox, 'DELETE', `/projects/p/runs/${runId}`);
    expect(answer.status).toBe(expected);
    if (expected !== 204) expect(answer.json).toHaveProperty('reason');
    expect(sandbox.ledger().runs[0]).toMatchObject({ status: 'COMPLETED', cancelRequests: 0 });
  });

  it('goes on for the cancel delay before it is KILLED', async () => {
    sandbox.settings({ cancelDelay: '1s' });
    const runId = await startRun(sandbox);
    sandbox.advance(2_000);
    await hex(sandbox, 'DELETE', `/projects/p/runs/${runId}`);
    expect((await status(runId)).status).toBe('RUNNING');
    sandbox.advance(1_000);
    expect((await status(runId)).status).toBe('KILLED');
  });

  it('is ended at the time limit of Hex with the status of the setting', async () => {
    sandbox.settings({ duration: '2h', maxRun: '1h', maxRunStatus: 'ERRORED' });
    const runId = await startRun(sandbox);
    sandbox.advance(3_599_999);
    expect((await status(runId)).status).toBe('RUNNING');
    sandbox.advance(1);
    expect((await status(runId)).status).toBe('ERRORED');
  });

  it('is not created by a dry run, which answers 201', async () => {
    const dry = await hex(sandbox, 'POST', '/projects/p/runs', { body: { dryRun: true } });
    expect(dry.status).toBe(201);
    expect(dry.json.runId).toMatch(uuid);
    expect(sandbox.ledger().runs).toEqual([]);
  });

  it('names the API request, not the run, in traceId', async () => {
    const runId = await startRun(sandbox);
    expect((await status(runId)).traceId).not.toBe((await status(runId)).traceId);
  });

  it('belongs to its project: another project does not know it', async () => {
    const runId = await startRun(sandbox, 'a');
    expect((await hex(sandbox, 'GET', `/projects/b/runs/${runId}`)).status).toBe(404);
  });

  it('carries the sandbox clock in the Date header', async () => {
    sandbox.advance(3_600_000);
    const { headers } = await hex(sandbox, 'GET', '/users/me');
    expect(headers.get('date')).toBe('Thu, 01 Oct 2026 07:00:00 GMT');
  });

  it('is listed newest first, in pages by offset whose addresses work', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.unshift(await startRun(sandbox));
      sandbox.advance(1);
    }
    const seen: string[] = [];
    let path: string | null = '/projects/p/runs?limit=2&runTriggerFilter=API';
    const previous: (string | null)[] = [];
    while (path !== null) {
      const { json } = await hex(sandbox, 'GET', path);
      seen.push(...json.runs.map((run: { runId: string }) => run.runId));
      previous.push(json.previousPage);
      path = json.nextPage === null ? null : json.nextPage.slice(sandbox.apiUrl.length);
    }
    expect(seen).toEqual(ids);
    expect(previous.map((address) => address === null)).toEqual([true, false, false]);
  });

  it('is found by status and trigger, next to runs that schedules and publishing started', async () => {
    const runId = await startRun(sandbox);
    sandbox.seed([
      { projectId: 'p', trigger: 'SCHEDULED', ago: '1h' },
      { projectId: 'p', trigger: 'APP_REFRESH' },
    ]);
    const list = async (query: string) =>
      (await hex(sandbox, 'GET', `/projects/p/runs${query}`)).json.runs.map(
        (run: { runTrigger: string }) => run.runTrigger,
      );
    expect(await list('')).toEqual(['APP_REFRESH', 'API', 'SCHEDULED']);
    expect(await list('?runTriggerFilter=ALL')).toHaveLength(3);
    expect(await list('?runTriggerFilter=SCHEDULED')).toEqual(['SCHEDULED']);
    expect(await list('?statusFilter=COMPLETED')).toEqual(['SCHEDULED']);
    expect(await list('?statusFilter=PENDING&runTriggerFilter=API')).toEqual(['API']);
    sandbox.settings({ defaultTriggers: 'API' });
    expect(await list('')).toEqual(['API']);
    await hex(sandbox, 'DELETE', `/projects/p/runs/${runId}`);
    expect(await list('?statusFilter=KILLED')).toEqual(['API']);
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'offset=-1', 'statusFilter=DONE', 'runTriggerFilter=ME'])(
    'refuses to list by %s with 400',
    async (query) => {
      expect((await hex(sandbox, 'GET', `/projects/p/runs?${query}`)).status).toBe(400);
    },
  );

  it('can be ended from the side, as somebody in Hex would', async () => {
    const runId = await startRun(sandbox);
    sandbox.advance(2_000);
    sandbox.endRun(runId);
    expect((await status(runId)).status).toBe('KILLED');
    expect(sandbox.ledger().runs[0]?.cancelRequestedAt).toBeNull();
  });

  it('can be opened at its address by a person', async () => {
    const { json } = await hex(sandbox, 'POST', '/projects/p/runs');
    const page = await fetch(json.runUrl);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(json.runId);
  });
});

describe('the clock factor', () => {
  it('makes the sandbox pass a minute in a second', async () => {
    let real = start;
    await using sandbox = await startSandbox({ now: () => real, clockFactor: 60, duration: '1m' });
    const runId = await startRun(sandbox);
    real += 999;
    expect((await hex(sandbox, 'GET', `/projects/p/runs/${runId}`)).json.status).toBe('RUNNING');
    real += 1;
    const over = await hex(sandbox, 'GET', `/projects/p/runs/${runId}`);
    expect(over.json).toMatchObject({ status: 'COMPLETED', endTime: '2026-10-01T06:01:00.000Z' });
  });

  it('can be changed while runs are alive without a jump', async () => {
    let real = start;
    await using sandbox = await startSandbox({ now: () => real, clockFactor: 1 });
    real += 1_000;
    sandbox.settings({ clockFactor: 10 });
    expect(sandbox.ledger().now).toBe('2026-10-01T06:00:01.000Z');
    real += 1_000;
    expect(sandbox.ledger().now).toBe('2026-10-01T06:00:11.000Z');
  });
});
