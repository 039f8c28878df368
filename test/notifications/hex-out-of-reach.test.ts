import { describe, expect, it } from 'vitest';
import { createHexClient, type Heard, heardClient } from '../../src/hex/index.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { outageWatch } from '../../src/worker/outages.js';
import { FAST, TOKEN, until } from '../support/harness.js';
import { rigWith, runsOf } from '../support/outage-rig.js';

it('Hex out of reach for longer than HEX_UNREACHABLE_AFTER is told once, for all runs; so is its end', async () => {
  const rig = await rigWith('3s');
  await rig.work();
  const runs = await runsOf(rig, 'a', 'b', 'c');
  rig.gate.shut(503);
  const { body } = await rig.hook.received(({ body }) => body.event === 'unreachable');
  expect(body).toMatchObject({ severity: 'critical', connection: 'default' });
  expect(body.text).toMatch(/^Hex has been unreachable since \S+ \S+ UTC, for .*: .*503/);
  rig.gate.shut(null);
  await rig.hook.received(({ body }) => body.event === 'reachable');
  expect(await rig.outage.result()).toEqual({ alerted: true });
  for (const run of runs) {
    await run.cancel();
    await run.result().catch(() => undefined);
  }
  expect(rig.hook.notifications().map(({ event }) => event)).toEqual(['unreachable', 'reachable']);
});

it('an outage that ends before that alarms nobody', async () => {
  const rig = await rigWith('10s');
  await rig.work();
  const [run] = await runsOf(rig, 'a');
  rig.gate.shut(500);
  await rig.begun();
  rig.gate.shut(null);
  expect(await rig.outage.result()).toEqual({ alerted: false });
  await run?.cancel();
  await run?.result().catch(() => undefined);
  expect(rig.hook.all).toEqual([]);
});

it('a token that Hex refuses is told too, also when the runs have given up', async () => {
  const rig = await rigWith('1500ms', { HEX_PATIENCE: '10ms' });
  await rig.work();
  const [first, second] = await runsOf(rig, 'a', 'b');
  rig.gate.shut(401);
  await first?.result().catch(() => undefined);
  // Failures must lie some time apart to be an outage, and runs that have given up ask no more: others are started.
  await until('the alert', async () => {
    const another = await rig.hex.startRun({ projectId: 'c', ...FAST });
    await another.result().catch(() => undefined);
    return rig.hook.notifications().some(({ event }) => event === 'unreachable');
  });
  const { body } = await rig.hook.received(({ body }) => body.event === 'unreachable');
  expect(body.text).toContain('401');
  rig.gate.shut(null);
  await rig.hook.received(({ body }) => body.event === 'reachable');
  await second?.result().catch(() => undefined);
  // The clean-ups that the token kept from being done are told as well.
  const told = rig.hook.notifications().filter(({ event }) => event !== 'cleanup_failed');
  expect(told.map(({ event }) => event)).toEqual(['unreachable', 'reachable']);
});

describe('what a request tells', () => {
  it('no answer, 5xx and 401 are out of reach; every other answer reaches Hex; what we gave up or held back says nothing', async () => {
    const sandbox = await startSandbox({ port: 0 });
    const heard: Heard[] = [];
    const clientOf = (baseUrl: string) =>
      heardClient(createHexClient({ name: 'default', baseUrl, token: () => TOKEN }), (one) =>
        heard.push(one),
      );
    const client = clientOf(sandbox.url);
    const tell = async (request: Promise<unknown>): Promise<unknown> => {
      heard.length = 0;
      await request.catch(() => undefined);
      return heard.map((one) => (one.reached ? 'reached' : one.asked));
    };
    const statuses = [401, 403, 404, 422, 429, 500, 502, 503];
    sandbox.script(statuses.map((status) => ({ match: { projectId: `p${status}` }, times: null, status })));
    const told: [number, unknown][] = [];
    for (const status of statuses) told.push([status, await tell(client.getRunStatus(`p${status}`, 'r'))]);
    expect(told).toEqual(
      statuses.map((status) => [
        status,
        [status === 401 || status >= 500 ? { projectId: `p${status}`, runId: 'r' } : 'reached'],
      ]),
    );
    expect(await tell(client.whoAmI())).toEqual(['reached']);
    expect(await tell(client.whoAmI({ signal: AbortSignal.abort() }))).toEqual([]);
    await sandbox.close();
    expect(await tell(client.runProject('p'))).toEqual([{ projectId: 'p' }]);
  });

  it('one failure starts nothing, lasting ones report it once a minute at most, an answer begins anew', async () => {
    let now = 0;
    const started: unknown[] = [];
    const workflows = {
      start: async (_type: unknown, { args }: { args: unknown[] }) => started.push(args[0]),
    };
    const config = { alerts: ['ops'], taskQueue: 'hex', unreachableAfterMs: 900_000 };
    const hear = outageWatch({ workflows: workflows as never, config, log: () => {}, now: () => now });
    const error = { message: 'GET x answered 503' } as never;
    const fail = (at: number) => {
      now = at;
      hear('eu', { reached: false, asked: { projectId: 'p' }, error });
    };
    fail(0);
    fail(59_000);
    now = 59_500;
    hear('eu', { reached: true });
    fail(70_000);
    expect(started).toEqual([]);
    for (let at = 80_000; at <= 250_000; at += 1_000) fail(at);
    expect(started).toHaveLength(3);
    expect(started[0]).toEqual({
      connection: 'eu',
      sinceMs: 70_000,
      afterMs: 900_000,
      asked: { projectId: 'p' },
      reason: 'GET x answered 503',
    });
    fail(10_000_000);
    expect(started).toHaveLength(3);
  });
});
