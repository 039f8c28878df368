import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { RunProgress } from '../../src/run/result.js';
import { FAST, harness, until } from '../support/harness.js';

it('somebody who looks at a run whose worker has just been killed does not stop it', async () => {
  const { hex, sandbox, spawnWorker, work } = await harness({ worker: false, sandbox: { duration: '15s' } });
  const poll = { min: '10m', max: '10m', first: '20ms' } as const;
  const handle = await hex.startRun({ projectId: 'sales', ...FAST, poll });
  const progress = () => handle.query<RunProgress>('progress');
  const first = await spawnWorker();
  await until('the first read', async () => (await progress()).polls === 1);
  first.kill('SIGKILL');
  await once(first, 'exit');
  // The server keeps both the query and the task of the first signal for the dead worker, each for 5 s. So the query comes
  // to the next worker first, and the second signal before the task.
  const looking = progress();
  const second = await spawnWorker();
  await handle.signal('pollNow');
  expect(await looking).toMatchObject({ phase: 'running' });
  await handle.signal('pollNow');
  await until('the read that was asked for', async () => (await progress()).polls >= 2);
  second.kill('SIGKILL');
  await once(second, 'exit');
  await work();
  await sandbox.waitFor(({ runs }) => runs.every(({ alive }) => !alive));
  await handle.signal('pollNow');
  expect(await handle.result()).toMatchObject({ success: true });
  expect(sandbox.ledger().runs).toHaveLength(1);
});
