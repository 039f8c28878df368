// Records the histories that test/guarantees/replay-keeps-working.test.ts replays, or only those that are named:
// npm run histories -- hex-keeper. Run by hand, and only when a workflow was changed on purpose: a history that no longer
// replays stands for the running workflows of somebody.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { TemporalHexClient } from '../src/client.js';
import { loadConfig } from '../src/config.js';
import { searchAttributeTypes } from '../src/contract/search-attributes.js';
import type { SensorProgress } from '../src/contract/sensor.js';
import { startSandbox } from '../src/sandbox/index.js';
import { startDevServer } from '../src/temporal-server/index.js';
import { saveHistory } from '../src/testing.js';
import { createHexWorker } from '../src/worker.js';

const folder = fileURLToPath(new URL('../test/histories/', import.meta.url));
const FAST = {
  poll: { min: '20ms', max: '100ms', first: '20ms' },
  lateStartGrace: '200ms',
  requestTimeout: '2s',
};

const server = await startDevServer({
  port: 0,
  uiPort: false,
  // A worker that has only just registered them does not use them yet.
  searchAttributes: searchAttributeTypes(),
});
const sandbox = await startSandbox({ port: 0, duration: 150 });
const connection = await NativeConnection.connect({ address: server.address });
const temporal = new Client({ connection: await Connection.connect({ address: server.address }) });
const hex = new TemporalHexClient({ client: temporal });
const worker = await createHexWorker({
  connection,
  config: loadConfig({ HEX_BASE_URL: sandbox.url, HEX_API_TOKEN: 'recording' }),
});

/** Names of histories; none for all. */
const wanted = process.argv.slice(2);

/** Saves the history of a workflow, if it is wanted. The file has to be named by the workflow's id where its code looks at that. */
async function save(workflowId: string, name = workflowId): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const history = await temporal.workflow.getHandle(workflowId).fetchHistory();
  await saveHistory(history, `${folder}${name}.json`);
  process.stdout.write(`${name}: ${history.events?.length} events\n`);
}

const settled = (result: Promise<unknown>) => result.catch(() => undefined);

mkdirSync(folder, { recursive: true });
await worker.runUntil(async () => {
  const completed = await hex.startRun({ projectId: 'sales', ...FAST }, { workflowId: 'hex-run-completed' });
  await settled(completed.result());
  await save('hex-run-completed');

  sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
  await settled(
    (await hex.startRun({ projectId: 'lost', ...FAST }, { workflowId: 'hex-run-adopted' })).result(),
  );
  await save('hex-run-adopted');

  sandbox.script([{ match: { operation: 'runProject' }, noKernel: true }]);
  const retried = { projectId: 'busy', triggerRetryDelay: '50ms', ...FAST };
  await settled((await hex.startRun(retried, { workflowId: 'hex-run-retried' })).result());
  await save('hex-run-retried');

  sandbox.settings({ duration: '1h' });
  const cancelled = await hex.startRun({ projectId: 'long', ...FAST }, { workflowId: 'hex-run-cancelled' });
  await sandbox.waitFor(({ requests }) =>
    requests.some(({ path, method }) => method === 'GET' && path.includes('long')),
  );
  await cancelled.cancel();
  await settled(cancelled.result());
  await save('hex-run-cancelled');

  await settled(
    (
      await hex.startRun(
        { projectId: 'slow', timeout: '500ms', ...FAST },
        { workflowId: 'hex-run-timed-out' },
      )
    ).result(),
  );
  await save('hex-run-timed-out');

  sandbox.settings({ duration: 150 });
  const limiter = temporal.workflow.getHandle('hex-limiter/hex/default');
  const kernels = (count: number) =>
    limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: count } }]);
  await kernels(0);
  const waited = await hex.startRun({ projectId: 'later', ...FAST }, { workflowId: 'hex-run-waited' });
  while ((await limiter.query<{ waiting: number }>('line')).waiting === 0);
  await kernels(25);
  await settled(waited.result());
  await save('hex-run-waited');

  await kernels(0);
  const queued = await hex.startPipeline(
    { name: 'queued', steps: [{ id: 'load', projectId: 'later', ...FAST }] },
    { workflowId: 'hex-pipeline-queued' },
  );
  const isQueued = async () => (await hex.list({ pipeline: 'queued', status: 'queued' })).length === 1;
  while (!(await isQueued()));
  await kernels(25);
  await settled(queued.result());
  await save('hex-pipeline-queued');

  sandbox.seed(
    Array.from({ length: 5 }, () => ({
      projectId: 'learned',
      trigger: 'API' as const,
      ago: '1h',
      duration: { running: 300 },
    })),
  );
  sandbox.settings({ duration: 300 });
  await settled(
    (await hex.startRun({ projectId: 'learned', ...FAST }, { workflowId: 'hex-run-learned' })).result(),
  );
  await save('hex-run-learned');
  sandbox.settings({ duration: 150 });

  const steps = ['extract', 'transform', 'load'].map((id) => ({ id, projectId: id, ...FAST }));
  await settled(
    (await hex.startPipeline({ name: 'etl', steps }, { workflowId: 'hex-pipeline-completed' })).result(),
  );
  await save('hex-pipeline-completed');

  sandbox.script([{ match: { operation: 'runProject', projectId: 'transform' }, endAs: 'ERRORED' }]);
  await settled(
    (await hex.startPipeline({ name: 'etl', steps }, { workflowId: 'hex-pipeline-failed' })).result(),
  );
  await save('hex-pipeline-failed');
  await save(limiter.workflowId, 'hex-limiter');

  sandbox.script([{ match: { operation: 'runProject' }, lateMs: 7_000 }]);
  await kernels(1);
  const unanswered = { projectId: 'unanswered', ...FAST, requestTimeout: '20s' };
  const held = await hex.startRun(unanswered, { workflowId: 'hex-run-unanswered' });
  await sandbox.waitFor(({ runs }) => runs.some(({ projectId }) => projectId === 'unanswered'));
  const behind = await hex.startRun({ projectId: 'behind', ...FAST }, { workflowId: 'hex-run-behind' });
  await Promise.all([settled(held.result()), settled(behind.result())]);
  await kernels(25);
  await save(limiter.workflowId, 'hex-limiter-looked');

  // Nobody waits, so that each permit is there at once.
  const quick = steps.map((step) => ({ ...step, poll: { ...FAST.poll, first: 0 } }));
  await settled((await hex.startPipeline(quick, { workflowId: 'hex-pipeline-quick' })).result());
  await save('hex-pipeline-quick/load', 'hex-run-quick');
  await save(limiter.workflowId, 'hex-limiter-quick');

  sandbox.settings({ duration: '1s' });
  const keyed = { projectId: 'keyed', key: 'sales/2026-11-01', ...FAST };
  const holder = await hex.startRun({ ...keyed }, { workflowId: 'hex-run-keyed' });
  await sandbox.waitFor(({ runs }) => runs.some(({ projectId }) => projectId === 'keyed'));
  const joined = { ...keyed, ifExists: 'join' as const };
  await settled((await hex.startRun(joined, { workflowId: 'hex-run-joined' })).result());
  await settled(holder.result());
  await save('hex-run-keyed');
  await save('hex-run-joined');
  await save(`hex-key/run/${hex.taskQueue}/${keyed.key}`, 'hex-key');

  sandbox.settings({ duration: '1h' });
  const left = { projectId: 'left', timeout: '500ms', onTimeout: 'leave' as const, ...FAST };
  await settled((await hex.startRun(left, { workflowId: 'hex-run-left' })).result());
  await save('hex-run-left');
  sandbox.settings({ duration: 150 });

  const catalogue = {
    name: 'catalogue',
    key: 'catalogue/{{ run.workflowId }}',
    owner: 'data',
    tags: ['nightly'],
    deadline: '1h',
    steps,
  };
  await settled((await hex.startPipeline(catalogue, { workflowId: 'hex-pipeline-keyed' })).result());
  await save('hex-pipeline-keyed');

  // A long fan-out of which most was done before.
  const long = Array.from({ length: 1_001 }, (_, n) => n);
  const before = { success: true, status: 'COMPLETED', runId: 'before' };
  const each = {
    ...{ id: 'each', forEach: long, projectId: 'long-{{ item }}' },
    ...{
      window: 2,
      onFailure: 'pause' as const,
      retry: { maxAttempts: 2, on: ['ERRORED' as const], delay: '1h' },
    },
    ...FAST,
  };
  sandbox.script([{ match: { projectId: 'long-998' }, endAs: 'ERRORED', times: 1 }]);
  const sliced = await hex.startPipeline(
    {
      pipeline: { name: 'long', steps: [each] },
      rerunOf: { workflowId: 'before', runId: 'before' },
      reuse: {
        each: {
          result: { items: Object.fromEntries(long.slice(0, 998).map((n) => [n, before])) },
          complete: false,
        },
      },
    },
    { workflowId: 'hex-pipeline-sliced' },
  );
  const retrying = async () => {
    const progress = await hex.progress('hex-pipeline-sliced');
    return 'steps' in progress && progress.steps[0]?.status === 'retrying';
  };
  while (!(await retrying()));
  await hex.control('hex-pipeline-sliced', 'pause', { by: 'ada' });
  await hex.control('hex-pipeline-sliced', 'resume', { by: 'ada' });
  await hex.control('hex-pipeline-sliced', 'retryStep', { step: 'each/998', by: 'ada' });
  await settled(sliced.result());
  await save('hex-pipeline-sliced');
  await save('hex-pipeline-sliced/each/slice/998', 'hex-slice');

  const look = { connection: 'default', mode: 'report', look: 'full' };
  await temporal.workflow.execute('hexJanitor', {
    workflowId: 'hex-janitor-full',
    taskQueue: hex.taskQueue,
    args: [look],
  });
  await save('hex-janitor-full');

  sandbox.script([{ match: { operation: 'runProject' }, endAs: 'ERRORED', times: 1 }]);
  const backfill = await hex.backfills.start(
    {
      pipeline: { name: 'nights', schedule: { cron: '@daily' }, steps },
      from: '2026-11-01',
      to: '2026-11-03',
      maxActive: 2,
    },
    { workflowId: 'hex-backfill' },
  );
  await settled(backfill.result());
  await save('hex-backfill');

  const schedule = { every: '5s', paused: true };
  await hex.schedules.apply([{ file: 'nightly.yaml', input: { name: 'nightly', schedule, steps } }]);
  while ((await hex.schedules.describe('nightly')).missedStarts?.length !== 1);
  await save('hex-keeper/hex', 'hex-keeper');

  const on = { projects: ['watched'], every: '200ms' };
  await hex.sensors.start({ pipeline: { name: 'after', on, steps } });
  // Nobody is there for its signals at first, and the project cannot be read for a while.
  await hex.sensors.start({ name: 'told', on, signal: { workflowId: 'later', name: 'ended' } });
  const sensed = async (name: string, is: (progress: SensorProgress) => boolean) => {
    while (!is(await hex.sensors.describe(name)));
  };
  for (const name of ['after', 'told'])
    await sensed(name, ({ projects: [project] }) => project?.lookedAt !== null);
  sandbox.seed([1, 2].map((ms) => ({ projectId: 'watched', duration: ms })));
  await sensed('after', ({ endings }) => endings === 2);
  await hex.sensors.pause('after', 'ada');
  await hex.sensors.resume('after', 'ada');
  await hex.sensors.setSince('after', new Date(Date.now() - 60_000));
  await sensed('after', ({ endings }) => endings === 4);
  await save('hex-sensor/after', 'hex-sensor');

  await sensed('told', ({ failing }) => failing.length === 2);
  await hex.startPipeline([{ approval: { prompt: 'waits' } }], { workflowId: 'later' });
  await sensed('told', ({ failing }) => failing.length === 0);
  sandbox.script({ match: { projectId: 'watched' }, status: 404 });
  await sensed('told', ({ projects: [project] }) => project?.trouble !== null);
  await sensed('told', ({ projects: [project] }) => project?.trouble === null);
  await save('hex-sensor/told', 'hex-sensor-signals');
});

await connection.close();
await temporal.connection.close();
await sandbox.close();
await server.stop();
