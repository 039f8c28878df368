import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { TemporalHexClient } from '../../src/client.js';
import { type DevServer, startDevServer } from '../../src/temporal-server/index.js';
import { FAST } from '../support/harness.js';
import { keeperRig, ownName, soonEvery } from '../support/keeper.js';
import { uniqueTaskQueue } from '../support/server.js';

// A server of its own: no keeper of another test tells what this one is to tell.
let temporal: DevServer;
beforeAll(async () => {
  temporal = await startDevServer({ port: 0, uiPort: false });
});
afterAll(() => temporal.stop());

it('started, and taken up by no worker: told by the keeper of another queue, and all clear when a worker is there', async () => {
  const rig = await keeperRig({
    ...{ atEnd: onTestFinished, address: temporal.address, sandbox: { duration: '100ms' } },
  });
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
