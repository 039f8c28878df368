import { once } from 'node:events';
import { expect, it } from 'vitest';
import { rigWith, runsOf } from '../support/outage-rig.js';

it('Hex out of reach for longer than HEX_UNREACHABLE_AFTER is told once, for all runs and workers, though they restart; so is its end', async () => {
  const rig = await rigWith('3s');
  const workers = [await rig.spawnWorker(), await rig.spawnWorker()];
  const runs = await runsOf(rig, 'a', 'b', 'c');
  rig.gate.shut(503);
  await rig.begun();
  for (const worker of workers) {
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
  await rig.work();
  await rig.hook.received(({ body }) => body.event === 'unreachable');
  rig.gate.shut(null);
  await rig.hook.received(({ body }) => body.event === 'reachable');
  expect(await rig.outage.result()).toEqual({ alerted: true });
  for (const run of runs) {
    await run.cancel();
    await run.result().catch(() => undefined);
  }
  expect(rig.hook.notifications()).toEqual([
    expect.objectContaining({
      event: 'unreachable',
      severity: 'critical',
      title: 'Hex connection "default"',
      connection: 'default',
      text: expect.stringMatching(/^Hex has been unreachable since \S+ \S+ UTC, for .*: .*503/),
      links: {
        hex: null,
        temporal: expect.stringMatching(/\/workflows\/hex-outage%2Ftest-[\w-]+%2Fdefault\/[\w-]+\/history$/),
      },
    }),
    expect.objectContaining({ event: 'reachable', severity: 'info', connection: 'default' }),
  ]);
  expect(rig.sandbox.ledger().runs.filter(({ alive }) => alive)).toEqual([]);
  // Two processes are started; and a read that dies with its worker is asked for again after a minute.
}, 180_000);
