import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FAST, harness, until } from '../support/harness.js';
import { temporal } from '../support/server.js';

const ETL = {
  name: 'etl',
  steps: ['extract', 'transform', 'load'].map((id) => ({ id, projectId: `${id}-project-id`, ...FAST })),
};

it('starts a run with --input', async () => {
  const { sandbox, taskQueue, temporal: client } = await harness();
  const input = JSON.stringify({ projectId: 'sales', inputParams: { date: '2026-01-01' }, ...FAST });
  const where = ['--task-queue', taskQueue, '--workflow-id', taskQueue];
  await temporal('workflow', 'start', '--type', 'hexRun', ...where, '--input', input);
  expect(await client.workflow.getHandle(taskQueue).result()).toMatchObject({
    success: true,
    projectId: 'sales',
  });
  expect(sandbox.ledger().runs.map(({ inputParams }) => inputParams)).toEqual([{ date: '2026-01-01' }]);
});

it('starts a pipeline with --input-file', async () => {
  const { sandbox, taskQueue, temporal: client } = await harness();
  const folder = await mkdtemp(join(tmpdir(), 'temporal-hex-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'etl.json');
  await writeFile(file, JSON.stringify(ETL));
  const where = ['--task-queue', taskQueue, '--workflow-id', taskQueue];
  await temporal('workflow', 'start', '--type', 'hexPipeline', ...where, '--input-file', file);
  expect(await client.workflow.getHandle(taskQueue).result()).toMatchObject({ success: true });
  expect(sandbox.ledger().runs.map(({ projectId }) => projectId)).toEqual([
    'extract-project-id',
    'transform-project-id',
    'load-project-id',
  ]);
});

it('schedules a pipeline, and a trigger of the schedule runs it', async () => {
  const { sandbox, taskQueue } = await harness();
  const schedule = ['--schedule-id', `nightly-${taskQueue}`];
  const action = [
    '--type',
    'hexPipeline',
    '--task-queue',
    taskQueue,
    '--workflow-id',
    `nightly-${taskQueue}`,
  ];
  await temporal(
    'schedule',
    'create',
    ...schedule,
    '--cron',
    '0 5 1 1 *',
    ...action,
    '--input',
    JSON.stringify(ETL),
  );
  onTestFinished(() => temporal('schedule', 'delete', ...schedule).then(() => undefined));
  await temporal('schedule', 'trigger', ...schedule);
  const { runs } = await sandbox.waitFor(
    (ledger) => ledger.runs.filter((run) => run.status === 'COMPLETED').length === 3,
  );
  expect(runs.map(({ projectId }) => projectId)).toEqual(ETL.steps.map(({ projectId }) => projectId));
  await until('the scheduled pipeline completes', async () =>
    (
      await temporal(
        'workflow',
        'list',
        '--query',
        `TaskQueue = '${taskQueue}' AND WorkflowType = 'hexPipeline'`,
        '-o',
        'json',
      )
    ).includes('WORKFLOW_EXECUTION_STATUS_COMPLETED'),
  );
});

it('a status query by the CLI answers while the run goes on', async () => {
  const { hex, sandbox } = await harness({ sandbox: { duration: '1h' } });
  const handle = await hex.startRun({ projectId: 'sales', ...FAST });
  await sandbox.waitFor(({ requests }) => requests.some(({ method }) => method === 'GET'));
  const answer = await temporal(
    'workflow',
    'query',
    '--workflow-id',
    handle.workflowId,
    '--type',
    'progress',
    '-o',
    'json',
  );
  expect(answer).toContain(sandbox.ledger().runs[0]?.runId ?? '-');
  await handle.cancel();
  await handle.result().catch(() => undefined);
});
