import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/sandbox/index.js';
import { FAST, type Harness, TOKEN, until } from '../support/harness.js';
import { limited, MINUTE, runAll } from '../support/limited.js';
import { temporal } from '../support/server.js';

/** Another user of the same token. */
function stranger({ sandbox }: Harness, method: string, path: string): Promise<Response> {
  return fetch(`${sandbox.apiUrl}${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } });
}

const countOf = ({ counters }: Ledger, status: number) => counters.statuses[status] ?? 0;
const requestsFor = ({ requests }: Ledger, projectId: string, method: string) =>
  requests.filter((request) => request.projectId === projectId && request.method === method);
const times = (n: number) => Array.from({ length: n }, (_, index) => index);

describe('many runs at once', () => {
  it('meet not one 429 and not one 503 under all of Hex limits', async () => {
    const rig = await limited('on', {}, { duration: MINUTE });
    // More than may begin in a minute.
    const results = await runAll(
      rig,
      times(22).map((n) => ({ projectId: `project-${n % 10}` })),
    );
    expect(results.every(({ status }) => status === 'COMPLETED')).toBe(true);
    const ledger = rig.sandbox.ledger();
    expect(ledger.runs).toHaveLength(22);
    expect([countOf(ledger, 429), countOf(ledger, 503)]).toEqual([0, 0]);
  });

  it('never hold more kernels than the user has', async () => {
    const rig = await limited({ kernels: 3 }, { HEX_KERNELS: '3' }, { duration: MINUTE / 4 });
    await runAll(
      rig,
      times(9).map((n) => ({ projectId: `project-${n}` })),
    );
    expect(countOf(rig.sandbox.ledger(), 503)).toBe(0);
  });

  it('of one project are followed by one list instead of a read each', async () => {
    const rig = await limited('on', {}, { duration: 2 * MINUTE });
    const results = await runAll(
      rig,
      times(10).map(() => ({ projectId: 'sales' })),
    );
    const polls = results.reduce((sum, { polls }) => sum + polls, 0);
    const { operations } = rig.sandbox.ledger().counters;
    expect(operations.listProjectRuns).toBeGreaterThan(0);
    expect((operations.listProjectRuns ?? 0) + (operations.getRunStatus ?? 0)).toBeLessThan(polls / 2);
  });
});

describe('a refusal that came all the same, since a stranger uses the token too', () => {
  it.each([
    [true, 'Hex says'],
    [false, 'its window lasts'],
  ])(
    '429 to a start (Retry-After: %s): nothing is sent for as long as %s, and the run goes on',
    async (retryAfter) => {
      const rig = await limited({ startsPerMinute: 3 }, {}, { duration: 1_000, retryAfter });
      for (const _ of times(3))
        expect((await stranger(rig, 'POST', '/projects/theirs/runs')).status).toBe(201);
      const results = await runAll(rig, [{ projectId: 'ours' }, { projectId: 'ours-too' }]);
      expect(results.every(({ success }) => success)).toBe(true);

      const ledger = rig.sandbox.ledger();
      const refused = ledger.requests.filter(({ status }) => status === 429);
      const opensAt = Date.parse(ledger.requests[0]?.at ?? '') + MINUTE;
      // Both may have been on their way when the first was refused; neither is sent again before its time.
      expect(refused.length).toBeGreaterThanOrEqual(1);
      expect(refused.length).toBeLessThanOrEqual(2);
      for (const projectId of ['ours', 'ours-too']) {
        const posts = requestsFor(ledger, projectId, 'POST');
        expect(posts.at(-1)?.status).toBe(201);
        for (const { at } of posts.slice(1)) expect(Date.parse(at)).toBeGreaterThanOrEqual(opensAt);
      }
    },
  );

  it('429 to a read: no run is read for as long as Hex says, and all go on', async () => {
    const rig = await limited({ readsPerMinute: 10 }, {}, { duration: 2 * MINUTE, retryAfter: true });
    for (const _ of times(10)) expect((await stranger(rig, 'GET', '/users/me')).status).toBe(200);
    const first = runAll(rig, [{ projectId: 'ours' }]);
    await rig.sandbox.waitFor((ledger) => countOf(ledger, 429) === 1);
    const others = runAll(
      rig,
      times(3).map((n) => ({ projectId: `ours-${n}` })),
    );
    for (const { success } of [...(await first), ...(await others)]) expect(success).toBe(true);

    const { requests } = rig.sandbox.ledger();
    const opensAt = Date.parse(requests[0]?.at ?? '') + MINUTE;
    // One of them may be the list that tells how long such runs take.
    const reads = ['getRunStatus', 'listProjectRuns'];
    const early = requests.filter(
      ({ operation, at }) => reads.includes(operation ?? '') && Date.parse(at) < opensAt,
    );
    expect(early.map(({ status }) => status)).toEqual([429]);
  });

  it('503 for want of a kernel: the run waits for one', async () => {
    const rig = await limited({ kernels: 2 }, { HEX_KERNELS: '2' }, { durations: { theirs: MINUTE } });
    for (const _ of times(2)) expect((await stranger(rig, 'POST', '/projects/theirs/runs')).status).toBe(201);
    const results = await runAll(
      rig,
      times(4).map((n) => ({ projectId: `ours-${n}` })),
    );
    expect(results.every(({ success }) => success)).toBe(true);
    const ledger = rig.sandbox.ledger();
    // Asked again every quarter of a minute, one at a time, until the strangers have ended.
    expect(countOf(ledger, 503)).toBeGreaterThanOrEqual(1);
    expect(countOf(ledger, 503)).toBeLessThanOrEqual(6);
    expect(ledger.runs).toHaveLength(6);
  });
});

it('more runs may wait than the worker has slots for workflow tasks, and each shows its place', async () => {
  const rig = await limited('off', { HEX_KERNELS: '0' }, {}, { maxConcurrentWorkflowTaskExecutions: 2 });
  const handles = await Promise.all(
    times(4).map((n) => rig.hex.startRun({ projectId: `project-${n}`, ...FAST })),
  );
  for (const { workflowId } of handles)
    await until('its place is shown', async () => {
      const { waitingFor } = (await rig.hex.progress(workflowId)) as { waitingFor: string | null };
      return waitingFor?.includes('in line');
    });
  await rig.limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: 25 } }]);
  await Promise.all(handles.map((handle) => handle.result()));
});

describe('limits', () => {
  it('changed by a signal of the temporal command count at once, without a redeploy', async () => {
    const rig = await limited('off', { HEX_STARTS_PER_HOUR: '2' });
    const all = runAll(
      rig,
      times(4).map((n) => ({ projectId: `project-${n}` })),
    );
    await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    await rig.inLine(2);
    const input = JSON.stringify([{ type: 'settings', patch: { starts: { perHour: 60 } } }]);
    await temporal(
      ...['workflow', 'signal', '--workflow-id', rig.limiterId, '--name', 'limiterEvents', '--input', input],
    );
    expect(await all).toHaveLength(4);
  });

  it('changed by a signal outlast the restart of a worker, and give way to a changed environment', async () => {
    const rig = await limited('off', { HEX_KERNELS: '5' });
    const kernels = async () =>
      (await rig.limiter.query<{ settings: { kernels: number } }>('line')).settings.kernels;
    await until('the limiter is there', async () => (await kernels().catch(() => null)) === 5);
    await rig.limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: 9 } }]);
    await rig.work();
    expect(await kernels()).toBe(9);
    rig.env.HEX_KERNELS = '7';
    await rig.work();
    expect(await kernels()).toBe(7);
  });

  it('let scheduled work go before a backfill that asked earlier', async () => {
    const rig = await limited('off', { HEX_KERNELS: '0' });
    const backfill = runAll(
      rig,
      times(2).map((n) => ({ projectId: `backfill-${n}`, priority: 'backfill' })),
    );
    await rig.inLine(2);
    const scheduled = runAll(
      rig,
      times(2).map((n) => ({ projectId: `scheduled-${n}` })),
    );
    await rig.inLine(4);
    await rig.limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: 1 } }]);
    await Promise.all([backfill, scheduled]);
    const order = rig.sandbox.ledger().runs.map(({ projectId }) => projectId.replace(/-\d/, ''));
    expect(order).toEqual(['scheduled', 'scheduled', 'backfill', 'backfill']);
  });
});
