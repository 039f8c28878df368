import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hexLimits, type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { control, hex, startRun } from '../support/sandbox-http.js';

const start = Date.parse('2026-10-01T06:00:00.000Z');

describe('the limits of the sandbox', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ now: () => start, duration: '10m', limits: 'on' });
  });
  afterEach(() => sandbox.close());

  const statuses = async (times: number, method: string, path: string, token?: string) => {
    const seen: number[] = [];
    for (let count = 0; count < times; count += 1)
      seen.push((await hex(sandbox, method, path, { token })).status);
    return seen;
  };
  const countOf = (seen: number[], status: number) => seen.filter((one) => one === status).length;

  it('are off until they are asked for', async () => {
    sandbox.settings({ limits: 'off' });
    expect(countOf(await statuses(70, 'POST', '/projects/p/runs'), 201)).toBe(70);
  });

  it('let 30 reads a minute through, counted over all kinds of reads together', async () => {
    const runId = await startRun(sandbox);
    const reads = [`/projects/p/runs/${runId}`, '/projects/p/runs', '/projects/p', '/users/me'];
    const seen = (await Promise.all(reads.map((path) => statuses(8, 'GET', path)))).flat();
    expect(countOf(seen, 200)).toBe(30);
    expect(countOf(seen, 429)).toBe(2);
    expect((await hex(sandbox, 'GET', '/projects')).status).toBe(200);
  });

  it('open the next window 60 s after the first request of the last one, by the sandbox clock', async () => {
    await statuses(1, 'GET', '/users/me');
    sandbox.advance(59_000);
    await statuses(29, 'GET', '/users/me');
    expect(await statuses(1, 'GET', '/users/me')).toEqual([429]);
    sandbox.advance(999);
    expect(await statuses(1, 'GET', '/users/me')).toEqual([429]);
    sandbox.advance(1);
    expect(countOf(await statuses(31, 'GET', '/users/me'), 200)).toBe(30);
  });

  it('let 20 starts a minute and 60 an hour through', async () => {
    sandbox.settings({ limits: { ...hexLimits, kernels: null } });
    const perMinute: number[] = [];
    for (let minute = 0; minute < 4; minute += 1) {
      perMinute.push(countOf(await statuses(21, 'POST', '/projects/p/runs'), 201));
      sandbox.advance(60_000);
    }
    expect(perMinute).toEqual([20, 20, 20, 0]);
    expect(sandbox.ledger().counters.limits).toEqual({ startsPerMinute: 3, startsPerHour: 21 });
    sandbox.advance(3_600_000);
    expect(await statuses(1, 'POST', '/projects/p/runs')).toEqual([201]);
  });

  it('let 60 requests of any kind a minute through', async () => {
    expect(countOf(await statuses(61, 'GET', '/projects'), 200)).toBe(60);
    expect(sandbox.ledger().counters.limits).toEqual({ globalPerMinute: 1 });
  });

  it('give a user 25 kernels: the next start is 503, creates nothing, and works when one is free', async () => {
    sandbox.settings({ limits: { kernels: 25 } });
    const ids: string[] = [];
    for (let count = 0; count < 25; count += 1) ids.push(await startRun(sandbox));
    const full = await hex(sandbox, 'POST', '/projects/p/runs');
    expect(full.status).toBe(503);
    expect(full.json.code).toBe('SERVICE_UNAVAILABLE');
    expect(sandbox.ledger().runs).toHaveLength(25);
    expect(await statuses(1, 'POST', '/projects/p/runs', 'another-user')).toEqual([201]);
    await hex(sandbox, 'DELETE', `/projects/p/runs/${ids[0]}`);
    expect(await statuses(2, 'POST', '/projects/p/runs')).toEqual([201, 503]);
    sandbox.advance(600_000);
    expect(await statuses(1, 'POST', '/projects/p/runs')).toEqual([201]);
  });

  it('count for the user behind the token: two tokens of one user share, two users do not', async () => {
    sandbox.settings({ users: { 'token-a': 'ann', 'token-b': 'ann' }, limits: { readsPerMinute: 3 } });
    expect(await statuses(2, 'GET', '/users/me', 'token-a')).toEqual([200, 200]);
    expect(await statuses(2, 'GET', '/users/me', 'token-b')).toEqual([200, 429]);
    expect(await statuses(1, 'GET', '/users/me', 'token-c')).toEqual([200]);
  });

  it('do not move the window for requests that were refused', async () => {
    sandbox.settings({ limits: { readsPerMinute: 1 } });
    expect(await statuses(2, 'GET', '/users/me')).toEqual([200, 429]);
    sandbox.advance(60_000);
    expect(await statuses(1, 'GET', '/users/me')).toEqual([200]);
  });

  it('send no headers unless told so, and then Retry-After in real seconds', async () => {
    sandbox.settings({ limits: { readsPerMinute: 1 } });
    await statuses(1, 'GET', '/users/me');
    const bare = await hex(sandbox, 'GET', '/users/me');
    expect(bare.status).toBe(429);
    expect([...bare.headers.keys()].filter((name) => /rate|retry/.test(name))).toEqual([]);
    expect(bare.json).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    sandbox.settings({
      retryAfter: true,
      rateHeaders: { limit: 'x-limit', remaining: 'x-left', reset: 'x-reset' },
      limitBody: 'text',
      clockFactor: 10,
    });
    sandbox.advance(20_000);
    const told = await hex(sandbox, 'GET', '/users/me');
    expect(told.headers.get('retry-after')).toBe('4');
    expect(told.headers.get('x-limit')).toBe('1');
    expect(told.headers.get('x-left')).toBe('0');
    expect(told.headers.get('x-reset')).toBe('4');
    expect(told.text).toBe('Too Many Requests');
  });

  it('mark each refused request in the ledger', async () => {
    sandbox.settings({ limits: { readsPerMinute: 1 } });
    await statuses(2, 'GET', '/users/me');
    expect(sandbox.ledger().requests.map((request) => request.limit)).toEqual([null, 'readsPerMinute']);
    expect((await control(sandbox, 'GET', '/ledger')).json.counters.statuses).toEqual({ 200: 1, 429: 1 });
  });
});
