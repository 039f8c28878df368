import { WorkflowUpdateFailedError } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { onTestFinished } from 'vitest';
import type {
  ControlAction,
  PipelineProgress,
  StepDefinition,
  StepProgress,
  StepState,
} from '../../src/index.js';
import {
  type AtEnd,
  FAST,
  type Harness,
  type HarnessOptions,
  harness,
  until,
  workflowBundle,
} from './harness.js';
import { replayErrors } from './replay.js';
import { server, uniqueTaskQueue } from './server.js';
import { theirBundle } from './their-bundle.js';

/** A harness for pipelines. */
export async function pipelineHarness(
  options: HarnessOptions & { maxCachedWorkflows?: number } = {},
): Promise<Harness> {
  const { maxCachedWorkflows = 100, ...others } = options;
  const rig = await harness({ ...others, worker: false });
  if (options.worker ?? true) await rig.work({ maxCachedWorkflows });
  return rig;
}

/** Replays the histories of workflows with the same code; throws when it would do anything else. */
export async function replay(rig: Harness, ...workflowIds: string[]): Promise<void> {
  const histories = workflowIds.map(async (workflowId) => {
    const history = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
    return { workflowId, history };
  });
  const errors = await replayErrors({ workflowBundle }, await Promise.all(histories));
  const error = errors.find((one) => one !== undefined);
  if (error) throw error;
}

/** A worker of another team, on a queue of its own; `debugMode` false: its workflows run in a thread, as in production. */
export async function theirWorker(debugMode = true): Promise<string> {
  const taskQueue = uniqueTaskQueue('theirs');
  await workFor(taskQueue, onTestFinished, debugMode);
  return taskQueue;
}

/** A worker of another team on a queue; it works until the test has finished, or until what this gives back is called. */
export async function workFor(
  taskQueue: string,
  atEnd: AtEnd = onTestFinished,
  debugMode = true,
): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({
    connection,
    namespace: server.namespace,
    taskQueue,
    workflowBundle: await theirBundle(),
    debugMode,
  });
  const done = worker.run();
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    worker.shutdown();
    await done;
    await connection.close();
  };
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  atEnd(stopOnce);
  return stopOnce;
}

/** A step that runs a project of the same name, and is followed closely. */
export function hex(id: string, more: Record<string, unknown> = {}): StepDefinition {
  return { id, projectId: id, ...FAST, ...more } as StepDefinition;
}

/** Waits until the pipeline's progress is so. */
export function progressWhere(
  rig: Harness,
  workflowId: string,
  what: string,
  is: (progress: PipelineProgress) => boolean,
): Promise<PipelineProgress> {
  return until(what, async () => {
    const progress = (await rig.hex.progress(workflowId)) as PipelineProgress;
    return is(progress) ? progress : false;
  });
}

/** Waits until a step is in the state. */
export async function stepIn(
  rig: Harness,
  workflowId: string,
  id: string,
  state: StepState,
): Promise<StepProgress> {
  const progress = await progressWhere(rig, workflowId, `${id} ${state}`, ({ steps }) =>
    steps.some((one) => one.id === id && one.status === state),
  );
  const step = progress.steps.find((one) => one.id === id);
  if (!step) throw new Error(`No step ${id}`);
  return step;
}

/** Carries out a control as a client does. */
export function control(
  rig: Harness,
  workflowId: string,
  action: ControlAction,
  input: object,
): Promise<unknown> {
  return rig.temporal.workflow.getHandle(workflowId).executeUpdate(action, { args: [input] });
}

/** Why a control was refused. */
export async function refusal(
  rig: Harness,
  workflowId: string,
  action: ControlAction,
  input: object,
): Promise<string> {
  const error: unknown = await control(rig, workflowId, action, input).then(
    () => new Error('It was not refused'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  return error.cause?.message ?? '';
}
