import { WorkflowUpdateFailedError } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type {
  ControlAction,
  PipelineProgress,
  StepDefinition,
  StepProgress,
  StepState,
} from '../../src/pipeline/index.js';
import { preloadModules, workflowsPath } from '../../src/worker.js';
import { FAST, type Harness, type HarnessOptions, harness, until } from './harness.js';

const bundle = bundleWorkflowCode({ workflowsPath, preloadModules, logger: new DefaultLogger('WARN') });

/** A harness whose worker runs the sources as they are. */
export async function pipelineHarness(options: HarnessOptions = {}): Promise<Harness> {
  const rig = await harness({ ...options, worker: false });
  if (options.worker ?? true) await rig.work({ workflowBundle: await bundle });
  return rig;
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
