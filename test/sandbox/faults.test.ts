import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { control, hex, startRun } from '../support/sandbox-http.js';

const start = Date.parse('2026-10-01T06:00:00.000Z');

describe('a scripted fault', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ now: () => start, duration: { pending: '1s', running: '9s' } });
  });
  afterEach(() => sandbox.close());

  const post = (body?: unknown, projectId = 'p') =>
    hex(sandbox, 'POST', `/projects/${projectId}/runs`, { body });
  const read = (runId: string) => hex(sandbox, 'GET', `/projects/p/runs/${runId}`);
  const cancel = (runId: string) => hex(sandbox, 'DELETE', `/projects/p/runs/${runId}`);
  const fault = () => sandbox.ledger().requests.at(-1)?.fault;

  it('fails with a status, in the dialect of the operation, and creates nothing', async () => {
    sandbox.script({ match: { operation: 'runProject' }, status: 500 });
    const failed = await post();
    expect(failed.status).toBe(500);
    expect(failed.json).toEqual({ code: 'INTERNAL_SERVER_ERROR', message: expect.any(String) });
    expect(sandbox.ledger().runs).toEqual([]);
    expect(fault()).toBe('status');
    expect((await post()).status).toBe(201);
  });

  it('fails with a body and headers of its own', async () => {
    sandbox.script({ status: 429, body: { slow: 'down' }, headers: { 'Retry-After': '7' } });
    const failed = await hex(sandbox, 'GET', '/users/me');
    expect(failed.json).toEqual({ slow: 'down' });
    expect(failed.headers.get('retry-after')).toBe('7');
    sandbox.script({
      status: 502,
      body: '<html>bad gateway</html>',
      headers: { 'content-type': 'text/html' },
    });
    const page = await hex(sandbox, 'GET', '/users/me');
    expect(page.headers.get('content-type')).toBe('text/html');
    expect(page.text).toBe('<html>bad gateway</html>');
  });

  it('fails although the run was created', async () => {
    sandbox.script({ match: { operation: 'runProject' }, statusAfter: 500 });
    expect((await post()).status).toBe(500);
    const { runs, requests } = sandbox.ledger();
    expect(runs).toHaveLength(1);
    expect(requests[0]).toMatchObject({ status: 500, fault: 'statusAfter', runId: runs[0]?.runId });
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('drops the connection %s the run was created', async (drop, runs) => {
    sandbox.script({ match: { operation: 'runProject' }, drop });
    await expect(post()).rejects.toThrow();
    const ledger = sandbox.ledger();
    expect(ledger.runs).toHaveLength(runs);
    expect(ledger.requests[0]).toMatchObject({
      status: null,
      answeredAt: null,
      fault: 'drop',
      clientLeft: false,
    });
    expect(ledger.counters).toMatchObject({ unanswered: 1, faults: { drop: 1 } });
  });

  it('creates the run of a lost request only later', async () => {
    sandbox.script({ createLateMs: 50 });
    await expect(post({ inputParams: { a: 1 } })).rejects.toThrow();
    expect(sandbox.ledger().runs).toEqual([]);
    const { runs } = await sandbox.waitFor((ledger) => ledger.runs.length === 1);
    expect(runs[0]).toMatchObject({ inputParams: { a: 1 }, fault: 'createLateMs', requestId: 1 });
  });

  it('answers late, with the action done at once', async () => {
    sandbox.script({ match: { operation: 'runProject' }, lateMs: 60 });
    const began = performance.now();
    const answer = post();
    await sandbox.waitFor((ledger) => ledger.runs.length === 1 && ledger.requests[0]?.status === null);
    expect((await answer).status).toBe(201);
    expect(performance.now() - began).toBeGreaterThanOrEqual(55);
    expect(sandbox.ledger().requests[0]?.status).toBe(201);
  });

  it('shows that the client left before a late answer', async () => {
    sandbox.script({ match: { operation: 'runProject' }, lateMs: 60_000 });
    const leaving = new AbortController();
    const answer = hex(sandbox, 'POST', '/projects/p/runs', { signal: leaving.signal });
    await sandbox.waitFor((ledger) => ledger.runs.length === 1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    const { requests } = await sandbox.waitFor((ledger) => ledger.requests[0]?.clientLeft === true);
    expect(requests[0]?.status).toBeNull();
  });

  it.each([
    [true, 0],
    ['after', 1],
  ] as const)('hangs for ever (%s), until the sandbox closes', async (hang, runs) => {
    sandbox.script({ match: { operation: 'runProject' }, hang });
    const answer = post();
    const lost = expect(answer).rejects.toThrow();
    await sandbox.waitFor((ledger) => ledger.counters.faults.hang === 1);
    expect(sandbox.ledger().runs).toHaveLength(runs);
    await sandbox.close();
    await lost;
  });

  it('finds no kernel: 503 and no run', async () => {
    sandbox.script({ noKernel: true });
    expect((await post()).status).toBe(503);
    expect(sandbox.ledger().runs).toEqual([]);
  });

  it('shows an unknown status for a while, then the true one', async () => {
    sandbox.script({ unknownStatus: 'PAUSED', forMs: 2_000 });
    const runId = await startRun(sandbox);
    expect((await read(runId)).json.status).toBe('PAUSED');
    expect((await hex(sandbox, 'GET', '/projects/p/runs')).json.runs[0].status).toBe('PAUSED');
    expect(sandbox.ledger().runs[0]?.status).toBe('PENDING');
    sandbox.advance(2_000);
    expect((await read(runId)).json.status).toBe('RUNNING');
  });

  it('shows an unknown status to one read only', async () => {
    const runId = await startRun(sandbox);
    sandbox.script({ match: { operation: 'getRunStatus' }, unknownStatus: 'PAUSED' });
    expect((await read(runId)).json.status).toBe('PAUSED');
    expect((await read(runId)).json.status).toBe('PENDING');
  });

  it.each(['ERRORED', 'KILLED', 'UNABLE_TO_ALLOCATE_KERNEL'] as const)(
    'lets a run end as %s',
    async (endAs) => {
      sandbox.script({ endAs });
      const runId = await startRun(sandbox);
      sandbox.advance(5_000);
      expect((await read(runId)).json.status).toBe(
        endAs === 'UNABLE_TO_ALLOCATE_KERNEL' ? 'PENDING' : 'RUNNING',
      );
      sandbox.advance(5_000);
      expect((await read(runId)).json.status).toBe(endAs);
    },
  );

  it('gives one run a life of its own, and an end', async () => {
    sandbox.script([{ duration: '20s' }, { duration: '2s', endAs: 'ERRORED' }]);
    const [long, short] = [await startRun(sandbox), await startRun(sandbox)];
    sandbox.advance(10_000);
    expect((await read(long)).json.status).toBe('RUNNING');
    expect((await read(short)).json.status).toBe('ERRORED');
  });

  it('ends a run under a read, as somebody in Hex would', async () => {
    const runId = await startRun(sandbox);
    sandbox.script({ match: { operation: 'getRunStatus' }, skip: 1, endAs: 'KILLED' });
    expect((await read(runId)).json.status).toBe('PENDING');
    expect((await read(runId)).json.status).toBe('KILLED');
  });

  it('cancels slowly: 204 at once, RUNNING for so long, and another cancel does not hurry it', async () => {
    const runId = await startRun(sandbox);
    sandbox.advance(2_000);
    sandbox.script({ slowCancelMs: 3_000 });
    expect((await cancel(runId)).status).toBe(204);
    sandbox.advance(2_999);
    expect((await cancel(runId)).status).toBe(204);
    expect((await read(runId)).json.status).toBe('RUNNING');
    sandbox.advance(1);
    expect((await read(runId)).json.status).toBe('KILLED');
    expect(sandbox.ledger().runs[0]).toMatchObject({
      cancelRequests: 2,
      cancelRequestedAt: '2026-10-01T06:00:02.000Z',
      endedAt: '2026-10-01T06:00:05.000Z',
    });
  });

  it('lets a run end by itself when that comes before a slow cancel', async () => {
    const runId = await startRun(sandbox);
    sandbox.script({ slowCancelMs: 60_000 });
    await cancel(runId);
    sandbox.advance(10_000);
    expect((await read(runId)).json.status).toBe('COMPLETED');
  });

  it('ignores a cancel: 204, the run goes on, and the next one works', async () => {
    const runId = await startRun(sandbox);
    sandbox.script({ ignoreCancel: true });
    expect((await cancel(runId)).status).toBe(204);
    expect((await read(runId)).json.status).toBe('PENDING');
    expect((await cancel(runId)).status).toBe(204);
    expect((await read(runId)).json.status).toBe('KILLED');
  });

  it('answers a cancel late', async () => {
    const runId = await startRun(sandbox);
    sandbox.script({ cancelLateMs: 40 });
    const began = performance.now();
    const answer = cancel(runId);
    await sandbox.waitFor((ledger) => ledger.runs[0]?.status === 'KILLED');
    expect((await answer).status).toBe(204);
    expect(performance.now() - began).toBeGreaterThanOrEqual(35);
  });

  it('hits only what it matches: project, operation, method, run, inputs', async () => {
    const runId = await startRun(sandbox, 'p', { inputParams: { step: 'b' } });
    sandbox.script([
      { match: { projectId: 'other' }, status: 501 },
      { match: { method: 'DELETE' }, status: 502 },
      { match: { runId, operation: 'getRunStatus' }, status: 503 },
      { match: { inputParams: { step: 'a', deep: { list: [1] } } }, status: 504 },
    ]);
    expect((await post()).status).toBe(201);
    expect((await post({ inputParams: { step: 'a' } })).status).toBe(201);
    expect((await post({ inputParams: { step: 'a', deep: { list: [1] }, more: 1 } })).status).toBe(504);
    expect((await read(runId)).status).toBe(503);
    expect((await cancel(runId)).status).toBe(502);
    expect((await post(undefined, 'other')).status).toBe(501);
    sandbox.script({ match: { inputParams: { step: 'b' }, operation: 'cancelRun' }, status: 500 });
    expect((await cancel(runId)).status).toBe(500);
    expect((await cancel(runId)).status).toBe(204);
  });

  it('hits so many times after so many passes, and for ever with null', async () => {
    sandbox.script({ match: { operation: 'whoAmI' }, skip: 1, times: 2, status: 500 });
    const seen: number[] = [];
    for (let count = 0; count < 5; count += 1) seen.push((await hex(sandbox, 'GET', '/users/me')).status);
    expect(seen).toEqual([200, 500, 500, 200, 200]);
    sandbox.script({ match: { operation: 'whoAmI' }, times: null, status: 500 });
    for (let count = 0; count < 5; count += 1)
      expect((await hex(sandbox, 'GET', '/users/me')).status).toBe(500);
    await control(sandbox, 'DELETE', '/faults');
    expect((await hex(sandbox, 'GET', '/users/me')).status).toBe(200);
  });

  it('hits by chance, the same way for the same seed', async () => {
    const draw = async (seed: number) => {
      await using other = await startSandbox({
        seed,
        faults: [{ times: null, probability: 0.3, status: 500 }],
      });
      const seen: number[] = [];
      for (let count = 0; count < 60; count += 1) seen.push((await hex(other, 'GET', '/users/me')).status);
      return seen;
    };
    const first = await draw(1);
    expect(await draw(1)).toEqual(first);
    expect(await draw(2)).not.toEqual(first);
    const hits = first.filter((status) => status === 500).length;
    expect(hits).toBeGreaterThan(8);
    expect(hits).toBeLessThan(30);
  });

  it('is not used up by a request that a limit refuses', async () => {
    sandbox.settings({ limits: { readsPerMinute: 1 } });
    await hex(sandbox, 'GET', '/users/me');
    sandbox.script({ match: { operation: 'whoAmI' }, status: 500 });
    expect((await hex(sandbox, 'GET', '/users/me')).status).toBe(429);
    sandbox.advance(60_000);
    expect((await hex(sandbox, 'GET', '/users/me')).status).toBe(500);
  });

  const wrong: [string, unknown, RegExp][] = [
    ['no effect', { times: 1 }, /exactly one effect/],
    ['two effects', { status: 500, hang: true }, /status, hang/],
    ['an unknown key', { statuss: 500 }, /statuss/],
    ['an unknown operation', { match: { operation: 'fly' }, status: 500 }, /operation/],
    [
      'an effect that the operation cannot have',
      { match: { operation: 'whoAmI' }, ignoreCancel: true },
      /cancelRun/,
    ],
  ];
  it.each(wrong)('is refused with %s, and nothing of its list is taken', async (_, fault, message) => {
    const list = [{ status: 500 }, fault] as Fault[];
    expect(() => sandbox.script(list)).toThrow(message);
    const refused = await control(sandbox, 'POST', '/faults', list);
    expect(refused.status).toBe(400);
    expect(refused.json.error).toMatch(message);
    expect((await control(sandbox, 'GET', '/faults')).json).toEqual([]);
  });
});
