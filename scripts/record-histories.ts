// Records the histories that test/guarantees/replay-keeps-working.test.ts replays. Run by hand, and only when a workflow was
// changed on purpose: a history that no longer replays stands for the running workflows of somebody.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { TemporalHexClient } from '../src/client.js';
import { loadConfig } from '../src/config.js';
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

const server = await startDevServer({ port: 0, uiPort: false });
const sandbox = await startSandbox({ port: 0, duration: 150 });
const connection = await NativeConnection.connect({ address: server.address });
const temporal = new Client({ connection: await Connection.connect({ address: server.address }) });
const hex = new TemporalHexClient({ client: temporal });
const worker = await createHexWorker({
  connection,
  config: loadConfig({ HEX_BASE_URL: sandbox.url, HEX_API_TOKEN: 'recording' }),
});

/** Saves the history of a workflow. The file has to be named by the workflow's id where its code looks at that. */
async function save(workflowId: string, name = workflowId): Promise<void> {
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

  const schedule = { every: '5s', paused: true };
  await hex.schedules.apply([{ file: 'nightly.yaml', input: { name: 'nightly', schedule, steps } }]);
  while ((await hex.schedules.describe('nightly')).missedStarts?.length !== 1);
  await save('hex-keeper/hex', 'hex-keeper');
});

await connection.close();
await temporal.connection.close();
await sandbox.close();
await server.stop();
