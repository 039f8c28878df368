import { describe, expect, it } from 'vitest';
import { isTerminal } from '../../src/hex/index.js';
import { answer, hexErrorOf, scriptedHex } from '../support/scripted-hex.js';

const DATE = 'Thu, 01 Oct 2026 06:01:11 GMT';
const date = { date: DATE };

const RUN = {
  projectId: 'p1',
  projectVersion: '7',
  runId: 'r1',
  runUrl: 'https://app.hex.tech/x/r1',
  status: 'COMPLETED',
  runTrigger: 'API',
  startTime: '2026-10-01T06:00:03.120Z',
  endTime: '2026-10-01T06:01:10.480Z',
  elapsedTime: 67360.25,
  traceId: '4b1d',
};

describe('a run status is read whatever its dialect', () => {
  it('the newer one', async () => {
    const hex = await scriptedHex(answer(200, RUN, date));
    expect(await hex.client().getRunStatus('p1', 'r1')).toEqual({
      projectId: 'p1',
      runId: 'r1',
      runUrl: 'https://app.hex.tech/x/r1',
      projectVersion: '7',
      status: 'COMPLETED',
      trigger: 'API',
      startTime: '2026-10-01T06:00:03.120Z',
      endTime: '2026-10-01T06:01:10.480Z',
      elapsedMs: 67360.25,
      traceId: '4b1d',
      date: '2026-10-01T06:01:11.000Z',
    });
    expect(hex.seen[0]?.url.pathname).toBe('/api/v1/projects/p1/runs/r1');
  });

  it('the older one: a whole number as version, no trigger', async () => {
    const { runTrigger: _, ...older } = RUN;
    const hex = await scriptedHex(answer(200, { ...older, projectVersion: 7 }));
    expect(await hex.client().getRunStatus('p1', 'r1')).toMatchObject({ projectVersion: '7', trigger: null });
  });

  it('with nothing but a status, and without a Date', async () => {
    const hex = await scriptedHex((_request, response) => {
      response.sendDate = false;
      response.setHeader('x-trace-id', 'from-header');
      response.end(JSON.stringify({ status: 'PENDING', startTime: null, elapsedTime: null }));
    });
    expect(await hex.client().getRunStatus('p1', 'r1')).toEqual({
      projectId: 'p1',
      runId: 'r1',
      runUrl: null,
      projectVersion: null,
      status: 'PENDING',
      trigger: null,
      startTime: null,
      endTime: null,
      elapsedMs: null,
      traceId: 'from-header',
      date: null,
    });
  });

  it('with fields and a status from the future, and fields of another type', async () => {
    const hex = await scriptedHex(
      answer(200, {
        ...RUN,
        status: 'HIBERNATING',
        startTime: 12,
        elapsedTime: '1s',
        traceId: {},
        mood: [1],
      }),
    );
    const run = await hex.client().getRunStatus('p1', 'r1');
    expect(run).toMatchObject({ status: 'HIBERNATING', startTime: null, elapsedMs: null, traceId: null });
    expect(isTerminal(run.status)).toBe(false);
  });

  it('but never without a status', async () => {
    const hex = await scriptedHex(answer(200, { ...RUN, status: null }));
    expect(await hexErrorOf(hex.client().getRunStatus('p1', 'r1'))).toMatchObject({
      kind: 'HexUnexpectedAnswer',
      message: expect.stringMatching(/status: /),
    });
  });

  it('four statuses are final, and no other', () => {
    const all = [
      'COMPLETED',
      'ERRORED',
      'KILLED',
      'UNABLE_TO_ALLOCATE_KERNEL',
      'PENDING',
      'RUNNING',
      'toString',
      '',
    ];
    expect(all.filter(isTerminal)).toEqual(all.slice(0, 4));
  });
});

describe('a start is read whatever its dialect, and sent as Hex documents it', () => {
  it('sends the request as it is and reads the answer', async () => {
    const started = { ...RUN, projectVersion: 7, runStatusUrl: 'https://elsewhere', notifications: [] };
    const hex = await scriptedHex(answer(201, started));
    const request = {
      inputParams: { day: '2026-10-01', rows: 3, none: null, list: ['a', true] },
      useCachedSqlResults: false,
      updatePublishedResults: false,
      notifications: [{ type: 'ALL' as const, includeSuccessScreenshot: false, userIds: ['u1'] }],
    };
    expect(await hex.client().runProject('p1', request)).toEqual({
      runId: 'r1',
      projectId: 'p1',
      runUrl: RUN.runUrl,
      runStatusUrl: 'https://elsewhere',
      projectVersion: '7',
      traceId: '4b1d',
    });
    expect(hex.seen).toHaveLength(1);
    expect(hex.seen[0]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
    expect(hex.seen[0]?.headers).toMatchObject({ 'content-length': String(hex.seen[0]?.body.length) });
    expect(JSON.parse(hex.seen[0]?.body ?? '')).toEqual(request);
  });

  it('a 200 with nothing but the id will do', async () => {
    const hex = await scriptedHex(answer(200, { runId: 'r9' }));
    expect(await hex.client().runProject('p1')).toMatchObject({ runId: 'r9', projectId: 'p1', runUrl: null });
    expect(hex.seen[0]?.body).toBe('{}');
  });

  it('a dry run need not name a run', async () => {
    const hex = await scriptedHex(answer(201, { projectId: 'p1' }));
    expect(await hex.client().runProject('p1', { dryRun: true })).toMatchObject({ runId: '' });
  });

  const bad: [string, unknown, RegExp][] = [
    ['inputs that are null', { inputParams: null }, /inputParams: must be an object/],
    ['inputs that are a list', { inputParams: [1] }, /inputParams/],
    ['a value that is no JSON', { inputParams: { day: new Date(0) } }, /inputParams/],
    ['a value that is no number', { inputParams: { n: Number.NaN } }, /inputParams/],
    ['inputs and a view', { inputParams: { a: 1 }, viewId: 'v1' }, /inputParams or viewId, not both/],
    ['text instead of a boolean', { dryRun: 'true' }, /dryRun/],
    ['an unknown field', { killRunningExecution: true }, /killRunningExecution/],
    [
      'a notification without type',
      { notifications: [{ includeSuccessScreenshot: true }] },
      /notifications.0.type/,
    ],
  ];
  for (const [title, request, message] of bad)
    it(`refuses ${title} before anything is sent`, async () => {
      const hex = await scriptedHex(answer(201, RUN));
      const error = await hexErrorOf(hex.client().runProject('p1', request as object));
      expect(error).toMatchObject({
        kind: 'HexInvalidRequest',
        status: null,
        requestSent: 'no',
        outcome: 'not-done',
      });
      expect(error.message).toMatch(message);
      expect(hex.seen).toHaveLength(0);
    });
});

describe('a cancel is one DELETE', () => {
  for (const [title, script] of [
    ['an empty 204', answer(204)],
    ['a 200 with a body', answer(200, { ok: true })],
  ] as const)
    it(`that ${title} answers`, async () => {
      const hex = await scriptedHex(script);
      expect(await hex.client().cancelRun('p1', 'r1')).toBeUndefined();
      expect(hex.seen.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
        'DELETE /api/v1/projects/p1/runs/r1',
      ]);
    });
});

describe('who-am-I is read for people and for workspaces', () => {
  it('a personal token', async () => {
    const me = {
      id: 'u1',
      name: null,
      email: 'a@x.io',
      role: 'EDITOR',
      org: { id: 'o1' },
      token: { exp: '2026-12-01' },
    };
    const hex = await scriptedHex(answer(200, me));
    expect(await hex.client().whoAmI()).toEqual({
      id: 'u1',
      name: null,
      email: 'a@x.io',
      role: 'EDITOR',
      orgId: 'o1',
      date: expect.any(String),
      tokenExpiresAt: '2026-12-01',
    });
  });

  it('a workspace token, with an expiry in seconds', async () => {
    const hex = await scriptedHex(answer(200, { org: { id: 'o1' }, token: { exp: 1_790_000_000 } }));
    expect(await hex.client().whoAmI()).toMatchObject({
      id: null,
      orgId: 'o1',
      tokenExpiresAt: '2026-09-21T14:13:20.000Z',
    });
  });
});

it('legacy paths are singular for runs, by a setting', async () => {
  const hex = await scriptedHex((request, response, raw) =>
    answer(200, request.url.pathname.endsWith('/runs') ? { runs: [] } : RUN)(request, response, raw),
  );
  const client = hex.client({ legacyPaths: true });
  await client.runProject('p1');
  await client.getRunStatus('p1', 'r1');
  await client.cancelRun('p1', 'r1');
  await client.listProjectRuns('p1');
  expect(hex.seen.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
    'POST /api/v1/project/p1/run',
    'GET /api/v1/project/p1/run/r1',
    'DELETE /api/v1/project/p1/run/r1',
    'GET /api/v1/project/p1/runs',
  ]);
});
