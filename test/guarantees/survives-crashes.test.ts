import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RunProgress } from '../../src/run/result.js';
import { startDevServer } from '../../src/temporal-server/index.js';
import { FAST, harness } from '../support/harness.js';
import { server } from '../support/server.js';

const reads = (requests: { method: string }[]) => requests.filter(({ method }) => method === 'GET').length;

it('a worker killed while polling: another takes over, and there is one run', async () => {
  const { hex, sandbox, spawnWorker, work } = await harness({ worker: false, sandbox: { duration: '4s' } });
  const first = await spawnWorker();
  const handle = await hex.startRun({ projectId: 'sales', ...FAST });
  await sandbox.waitFor(({ requests }) => reads(requests) >= 2);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const readsBefore = reads(sandbox.ledger().requests);
  await work();
  expect(await handle.result()).toMatchObject({ success: true, status: 'COMPLETED' });
  expect(sandbox.ledger().runs).toHaveLength(1);
  expect(reads(sandbox.ledger().requests)).toBeGreaterThan(readsBefore);
});

it('a worker killed while the POST is in flight: its run is adopted by the next, and there is one run', async () => {
  const { hex, sandbox, spawnWorker, work } = await harness({ worker: false, sandbox: { duration: '1s' } });
  sandbox.script([{ match: { operation: 'runProject' }, lateMs: 60_000 }]);
  const first = await spawnWorker();
  const handle = await hex.startRun({ projectId: 'sales', ...FAST, requestTimeout: '3s' });
  await sandbox.waitFor(({ runs }) => runs.length === 1);
  first.kill('SIGKILL');
  await work();
  expect(await handle.result()).toMatchObject({ success: true, adopted: true });
  expect(sandbox.ledger().runs).toHaveLength(1);
});

it('a worker killed while a POST is in flight: its start is seen in Hex, and others need not wait until it is settled', async () => {
  const { hex, sandbox, spawnWorker, work } = await harness({
    worker: false,
    sandbox: { duration: '1s' },
    // A minute of the limits takes a second.
    env: {
      HEX_LIMITS: 'on',
      HEX_CLOCK_FACTOR: '60',
      HEX_STARTS_PER_MINUTE: '1',
      HEX_STARTS_PER_HOUR: 'none',
    },
  });
  sandbox.script([{ match: { operation: 'runProject' }, lateMs: 60_000 }]);
  const worker = await spawnWorker();
  const lost = await hex.startRun({ projectId: 'lost', ...FAST, requestTimeout: '60s' });
  onTestFinished(async () => {
    await lost.terminate('a test');
  });
  await sandbox.waitFor(({ runs }) => runs.length === 1);
  const waiting = await hex.startRun({ projectId: 'waits', ...FAST });
  worker.kill('SIGKILL');
  await work();
  expect(await waiting.result()).toMatchObject({ success: true });
  expect(await lost.query<RunProgress>('progress')).toMatchObject({ phase: 'triggering' });
  expect(sandbox.ledger().runs).toHaveLength(2);
});

it('a worker asked to stop (SIGTERM) lets a trigger in flight finish: nothing to adopt', async () => {
  const { hex, sandbox, spawnWorker, work } = await harness({ worker: false, sandbox: { duration: '1s' } });
  sandbox.script([{ match: { operation: 'runProject' }, lateMs: 1_500 }]);
  const first = await spawnWorker();
  const handle = await hex.startRun({ projectId: 'sales', ...FAST, requestTimeout: '10s' });
  await sandbox.waitFor(({ runs }) => runs.length === 1);
  first.kill('SIGTERM');
  await once(first, 'exit');
  await work();
  const result = await handle.result();
  expect(result.success).toBe(true);
  expect(result.adopted).toBeUndefined();
  expect(sandbox.ledger().runs).toHaveLength(1);
});

it('workers replaced one after the other under load: every run ends well, one run each', async () => {
  const { hex, sandbox, spawnWorker } = await harness({ worker: false, sandbox: { duration: '3s' } });
  let worker = await spawnWorker();
  const handles = await Promise.all(
    Array.from({ length: 10 }, (_, index) => hex.startRun({ projectId: `project-${index}`, ...FAST })),
  );
  for (let round = 0; round < 2; round++) {
    const next = await spawnWorker();
    worker.kill('SIGTERM');
    await once(worker, 'exit');
    worker = next;
  }
  const results = await Promise.all(handles.map((handle) => handle.result()));
  expect(results.every((result) => result.success && !result.adopted)).toBe(true);
  expect(sandbox.ledger().runs).toHaveLength(10);
});

it('a Temporal server that crashes and comes back on its database: the run goes on, and there is one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-hex-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const database = {
    dbFilename: join(folder, 'temporal.db'),
    uiPort: false as const,
    namespace: server.namespace,
  };
  let temporal = await startDevServer({ port: 0, ...database });
  onTestFinished(() => temporal.stop());
  const { hex, sandbox, spawnWorker } = await harness({
    address: temporal.address,
    worker: false,
    sandbox: { duration: '3s' },
  });
  await spawnWorker();
  const handle = await hex.startRun({ projectId: 'sales', ...FAST });
  await sandbox.waitFor(({ requests }) => reads(requests) >= 2);
  await temporal.kill();
  temporal = await startDevServer({ port: temporal.port, ...database });
  expect(await handle.result()).toMatchObject({ success: true });
  expect(sandbox.ledger().runs).toHaveLength(1);
});
