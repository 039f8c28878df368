import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { TemporalHexClient } from '../../src/client.js';
import { type DevServer, startDevServer } from '../../src/temporal-server/index.js';
import { FAST, until } from '../support/harness.js';
import { keeperRig, ownName, soonEvery } from '../support/keeper.js';
import { uniqueTaskQueue } from '../support/server.js';

// A server of its own: it is stopped, and no keeper of another test tells what this one is to tell.
const folder = mkdtempSync(join(tmpdir(), 'temporal-hex-'));
const database = { dbFilename: join(folder, 'temporal.db'), uiPort: false as const };
let temporal: DevServer;
beforeAll(async () => {
  temporal = await startDevServer({ port: 0, ...database });
});
afterAll(async () => {
  await temporal.stop();
  rmSync(folder, { recursive: true, force: true });
});

const rigOf = () =>
  keeperRig({ atEnd: onTestFinished, address: temporal.address, sandbox: { duration: '100ms' } });

it('started, and taken up by no worker: told by the keeper of another queue, and all clear when a worker is there', async () => {
  const rig = await rigOf();
  await rig.work();
  const name = ownName('untaken');
  const taskQueue = uniqueTaskQueue('nobody');
  const theirs = new TemporalHexClient({ client: rig.temporal, taskQueue });
  await theirs.schedules.apply([
    {
      file: `${name}.yaml`,
      input: {
        name,
        schedule: { ...soonEvery(10), lateAfter: '2s', overlap: 'allow_all', partition: 'end' },
        steps: [{ projectId: name, ...FAST }],
      },
    },
  ]);
  onTestFinished(() => theirs.schedules.delete(name));
  await rig.hex.schedules.resume(name); // Its keeper looks: by itself, it would within five minutes.
  const message = await rig.hears(name, 'late');
  expect(message.text).toContain(
    `no worker took it up within 2.0s: see that a worker works on task queue "${taskQueue}"`,
  );
  await rig.hex.schedules.pause(name);
  await rig.spawnWorker({ HEX_TASK_QUEUE: taskQueue, HEX_KEEPER: 'off' });
  await rig.hears(name, 'filled');
  const events = rig.told(name).filter(({ gap }) => gap?.includes('/untaken/'));
  expect(events.map(({ event }) => event)).toEqual(['late', 'filled']);
}, 240_000);

it('the server was away: what it dropped and what it started late is told once, with the dates, when it is back', async () => {
  const { apply, spawnWorker, started, hears, told } = await rigOf();
  await spawnWorker();
  const [dropped, caughtUp] = [ownName('dropped'), ownName('caught-up')];
  const every = { every: '10s', overlap: 'allow_all' as const, lateAfter: '5s', partition: 'end' as const };
  await apply({ name: dropped, schedule: { ...every, catchup: '10s' } });
  await apply({ name: caughtUp, schedule: { ...every, catchup: '10m' } });
  await until(
    'both run',
    async () => (await started(dropped)).length > 0 && (await started(caughtUp)).length > 0,
  );
  await temporal.kill();
  const down = Date.now();
  await until('three starts have gone by', async () => Date.now() > down + 35_000);
  temporal = await startDevServer({ port: temporal.port, ...database });
  const back = Date.now();
  const missed = await hears(dropped, 'missed');
  const late = await hears(caughtUp, 'late', 'Temporal started');
  process.stdout.write(
    `Seconds until it was told, from when the server was back:\n  dropped by the catch-up window ${(Date.parse(missed.at) - back) / 1_000}\n  caught up late ${(Date.parse(late.at) - back) / 1_000}\n`,
  );
  expect(missed.text).toMatch(
    /^[2-9] starts of schedule "dropped-[\d-]+", \S+ to \S+, were dropped: .*catch-up window of 10\.0s/,
  );
  expect(late.text).toMatch(
    /^(\d starts|Start \S+) of schedule .* began late: Temporal started (it|them) .* Nothing is missing\.$/,
  );
  const of = (name: string, event: string) => told(name).filter((one) => one.event === event);
  expect([of(dropped, 'missed').length, of(caughtUp, 'missed').length]).toEqual([1, 0]);
  // Of each kind once: a start may have come just before the server went.
  const kinds = of(caughtUp, 'late').map(({ gap }) => gap?.split('/')[1]);
  expect(kinds).toEqual([...new Set(kinds)]);
}, 240_000);
