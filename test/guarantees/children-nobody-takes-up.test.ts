import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, describe, expect, it } from 'vitest';
import type { PipelineFailureDetails, PipelineProgress } from '../../src/index.js';
import { cli } from '../support/cli.js';
import { failureOf, until } from '../support/harness.js';
import {
  control,
  hex,
  pipelineHarness,
  progressWhere,
  replay,
  stepIn,
  workFor,
} from '../support/pipelines.js';
import { uniqueTaskQueue } from '../support/server.js';

const WORD = { by: 'ann', reason: 'because', step: 'ext' };

const rig = await pipelineHarness({ atEnd: afterAll });

/** A step for the worker of another team. */
function theirs(taskQueue: string, more: object = {}) {
  return { id: 'ext', workflow: { type: 'sleeps', taskQueue, input: 600_000 }, ...more };
}

async function startWith(steps: object[]) {
  const { workflowId } = await rig.hex.startPipeline({ name: 'nq', steps } as never);
  const child = rig.temporal.workflow.getHandle(`${workflowId}/ext`);
  await until('the child is there', async () =>
    child.describe().then(
      () => true,
      () => false,
    ),
  );
  return { workflowId, child };
}

async function statusOf(handle: WorkflowHandle): Promise<string> {
  return (await handle.describe()).status.name;
}

/** How often the pipeline has had an activity carried out. */
async function activities(workflowId: string, name: string): Promise<number> {
  const { events } = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
  const scheduled = (events ?? [])
    .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === name)
    .map(({ eventId }) => String(eventId));
  const completed = (events ?? []).map((event) =>
    String(event.activityTaskCompletedEventAttributes?.scheduledEventId),
  );
  return scheduled.filter((id) => completed.includes(id)).length;
}

describe('a step on a task queue that nobody serves', () => {
  it('is named by progress, watch and the Web UI after some seconds, and goes on when a worker comes', {
    timeout: 120_000,
  }, async () => {
    const queue = uniqueTaskQueue('nobody');
    const step = { id: 'ext', workflow: { type: 'rowCount', taskQueue: queue, args: ['sales', 2] } };
    const { workflowId } = await startWith([step]);
    const note = `a worker on task queue "${queue}": none has asked, as of `;
    await progressWhere(rig, workflowId, 'the queue is named', ({ steps }) =>
      Boolean(steps[0]?.waitingFor?.startsWith(note)),
    );
    const { stdout } = await cli(['progress', workflowId], rig.env);
    expect(stdout).toContain(`waits for ${note}`);
    const page = await rig.temporal.workflow
      .getHandle(workflowId)
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(page.currentDetails).toContain(note);
    await workFor(queue);
    expect(await rig.hex.result(workflowId)).toMatchObject({ steps: { ext: { output: { rows: 10 } } } });
    expect(await activities(workflowId, 'lookAtQueue')).toBe(1);
    await replay(rig, workflowId);
  });

  it('does not hold up a cancel: its workflow, which never began, is ended', async () => {
    const after = hex('after', { projectId: 'never' });
    const { workflowId, child } = await startWith([theirs(uniqueTaskQueue('nobody')), after]);
    const { code, stderr } = await cli(['cancel', workflowId, '--wait'], rig.env);
    expect(code, stderr).toBe(0);
    expect(await statusOf(child)).toBe('TERMINATED');
    const { steps } = (await rig.hex.progress(workflowId)) as PipelineProgress;
    expect(steps[0]).toMatchObject({ status: 'cancelled', reason: 'no worker had taken it up' });
    expect(rig.sandbox.ledger().runs.filter(({ projectId }) => projectId === 'never')).toEqual([]);
    await replay(rig, workflowId);
  });
});

// Each waits some seconds for a look.
describe.concurrent('one that nobody takes up', () => {
  it('is skipped by skipStep, and the pipeline goes on', async () => {
    const after = hex('after', { dependsOn: 'ext', triggerRule: 'none_failed' });
    const { workflowId, child } = await startWith([theirs(uniqueTaskQueue('nobody')), after]);
    await control(rig, workflowId, 'skipStep', WORD);
    const reason = 'skipped by ann: because; no worker had taken it up';
    expect(await rig.hex.result(workflowId)).toMatchObject({
      steps: { ext: { status: 'SKIPPED', reason }, after: { status: 'COMPLETED' } },
    });
    expect(await statusOf(child)).toBe('TERMINATED');
    await replay(rig, workflowId);
  });

  it('is cancelled by cancelStep', async () => {
    const { workflowId, child } = await startWith([theirs(uniqueTaskQueue('nobody'))]);
    await control(rig, workflowId, 'cancelStep', WORD);
    const failure = await failureOf(rig.hex.result(workflowId));
    const [details] = failure.details as [PipelineFailureDetails];
    expect(details.steps.ext).toMatchObject({
      status: 'CANCELLED',
      reason: 'cancelled by ann: because; no worker had taken it up',
    });
    expect(await statusOf(child)).toBe('TERMINATED');
  });

  it('reaches its time limit, and says that no worker had taken it up', async () => {
    const { workflowId } = await startWith([theirs(uniqueTaskQueue('nobody'), { timeout: '300ms' })]);
    const failure = await failureOf(rig.hex.result(workflowId));
    expect(failure.message).toMatch(/StepTimedOut: .* and was cancelled: no worker had taken it up/);
  });

  it('costs a look and a clean-up for all of its items, not for each', async () => {
    const queue = uniqueTaskQueue('nobody');
    const forEach = Array.from({ length: 60 }, (_, index) => index);
    const step = { id: 'ext', forEach, workflow: { type: 'sleeps', taskQueue: queue, input: 1 } };
    const { workflowId } = await rig.hex.startPipeline({ steps: [step] });
    const progress = await progressWhere(rig, workflowId, 'the queue is named', ({ steps }) =>
      Boolean(steps[0]?.waitingFor?.includes(queue)),
    );
    expect(progress.steps[0]?.items?.running).toBe(60);
    expect(await activities(workflowId, 'lookAtQueue')).toBe(1);
    await rig.hex.cancel(workflowId);
    await rig.hex.result(workflowId).catch(() => undefined);
    expect(await statusOf(rig.temporal.workflow.getHandle(workflowId))).toBe('CANCELLED');
    expect(await activities(workflowId, 'endUntaken')).toBe(2);
  });
});

it.concurrent('a child that a worker has taken up is never terminated, also when its worker is away', async ({
  onTestFinished,
}) => {
  const queue = uniqueTaskQueue('theirs');
  const stop = await workFor(queue, onTestFinished);
  const { workflowId, child } = await startWith([theirs(queue)]);
  await until('it has begun', async () => (await child.fetchHistory()).events?.some(isTaskCompleted));
  await stop();
  await rig.hex.cancel(workflowId);
  await until('it was looked at', async () => (await activities(workflowId, 'endUntaken')) === 1);
  expect(await statusOf(child)).toBe('RUNNING');
  await stepIn(rig, workflowId, 'ext', 'running');
  await workFor(queue, onTestFinished);
  await rig.hex.result(workflowId).catch(() => undefined);
  expect(await statusOf(child)).toBe('CANCELLED');
  expect(await activities(workflowId, 'endUntaken')).toBe(1);
});

const isTaskCompleted = (event: { workflowTaskCompletedEventAttributes?: unknown }) =>
  Boolean(event.workflowTaskCompletedEventAttributes);
