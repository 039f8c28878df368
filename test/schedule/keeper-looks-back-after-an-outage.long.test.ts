import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type DevServer, startDevServer } from '../../src/temporal-server/index.js';
import { until } from '../support/harness.js';
import { keeperRig, ownName } from '../support/keeper.js';

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

it('the server was away: what it dropped and what it started late is told once, with the dates, when it is back', async () => {
  const { apply, spawnWorker, started, hears, told } = await keeperRig({
    ...{ atEnd: onTestFinished, address: temporal.address, sandbox: { duration: '100ms' } },
  });
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
