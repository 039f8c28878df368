import {
  CancelledFailure,
  defineQuery,
  defineSignal,
  setHandler,
  TemporalFailure,
} from '@temporalio/workflow';
import { formatDuration } from '../base/duration.js';
import type { HexPipelineInput } from '../pipeline/definition/definition.js';
import type { PipelineProgress, PipelineResult } from '../pipeline/execution/result.js';
import { installControls } from './pipeline/controls.js';
import { type ExecutionBasis, PipelineExecution } from './pipeline/execution.js';
import { pipelineFailure } from './pipeline/failures.js';
import { underPipelineKey } from './pipeline/key.js';
import { PipelineNotices } from './pipeline/notices.js';
import { prepareExecution } from './pipeline/prepare.js';
import { PipelineView } from './pipeline/view.js';
import { withTimeLimit } from './pipeline/waits.js';
import { LEFT_RUNNING } from './run/failures.js';

const progressQuery = defineQuery<PipelineProgress>('progress');
/** From a child `hexRun`: the run that its step waits for, or what it waits for before there is one. */
const stepProgressSignal =
  defineSignal<[{ step: string; runId?: string; runUrl?: string | null; waitingFor?: string | null }]>(
    'stepProgress',
  );

/**
 * Runs a pipeline of Hex projects, other pipelines, workflows of any worker, and approvals: as parallel as dependencies
 * allow, each run a child workflow `<id of this workflow>/<step>`.
 *
 * Fails with `InvalidInput` (every problem listed) before anything reaches Hex, `HexPipelineFailed` when a step failed,
 * `HexPipelineTimedOut` at its time limit; `details[0]` is a `PipelineFailureDetails`. A cancel is passed on to every
 * child and waits until each has cleaned up; where one has left its run in Hex (`onCancel: leave`), the pipeline fails
 * with `HexRunLeftRunning`, which names the runs. With a `key` that another has, it does what `ifExists` says, which may
 * be to fail with `KeyExists`. Updates: `pause`, `resume`, `retryStep`, `skipStep`, `markSuccess`,
 * `cancelStep`, `approve`, `reject`, `pollNow`. Query: `progress`.
 *
 * @param input a definition, a list of steps, or `{pipeline: <definition or name>, params}`
 * @param others refused where there are any
 */
export async function hexPipeline(input: HexPipelineInput, ...others: unknown[]): Promise<PipelineResult> {
  const view = new PipelineView();
  const running: { execution: PipelineExecution | null } = { execution: null };
  setHandler(progressQuery, () => view.progress());
  setHandler(stepProgressSignal, ({ step: key, runId, runUrl = null, waitingFor = null }) => {
    const unit = running.execution?.unit(key)?.unit;
    if (!unit) return;
    if (runId) unit.run = { runId, runUrl };
    if (unit.state === 'running') unit.waitingFor = waitingFor;
  });
  installControls(() => running.execution);

  const prepared = prepareExecution(input, others);
  const basis = prepared instanceof Promise ? await prepared : prepared;
  return underPipelineKey(basis, view, () =>
    carryOut(basis, view, (execution) => {
      running.execution = execution;
    }),
  );
}

/** Runs the steps, and tells how it goes. */
async function carryOut(
  basis: ExecutionBasis,
  view: PipelineView,
  begun: (execution: PipelineExecution) => void,
): Promise<PipelineResult> {
  const { spec } = basis.plan;
  const notices = new PipelineNotices(spec, view.warnings);
  const execution = new PipelineExecution(basis, (step, event, text) =>
    notices.tellOfStep(step, event, text),
  );
  begun(execution);
  view.show(execution);
  notices.watchDeadline(execution);
  try {
    await notices.check();
    const outcome = await withTimeLimit(
      spec.timeoutMs,
      'Time limit of the pipeline',
      () => execution.toEnd(),
      () => timedOut(execution, spec.timeoutMs ?? 0),
    );
    if (outcome === 'failed') throw stepFailed(execution);
  } catch (error) {
    // A mistake of ours: the workflow task fails, and is tried again by a better worker.
    if (!(error instanceof TemporalFailure)) throw error;
    const quiet = error instanceof CancelledFailure && !execution.cleanupFailed();
    view.end(quiet ? 'cancelled' : 'failed');
    const failure = error instanceof CancelledFailure ? cancelled(execution, error) : error;
    if (failure instanceof CancelledFailure)
      await notices.end('cancelled', `Pipeline "${spec.name}" was cancelled`);
    else if (quiet) await notices.end('cancelled', failure.message);
    else await notices.end('failure', failure.message, execution.firstFailed());
    throw failure;
  }
  view.end('success');
  await notices.end('success', `Pipeline "${spec.name}" succeeded`);
  return resultOf(execution);
}

function resultOf(x: PipelineExecution): PipelineResult {
  const { plan, prepared, basis, startedAtMs, audit, steps } = x;
  const reused = [...steps.values()].filter((step) => step.reused).map(({ spec }) => spec.id);
  return {
    success: true,
    name: plan.spec.name,
    params: prepared.params,
    ...x.results(),
    startTime: new Date(startedAtMs).toISOString(),
    endTime: new Date().toISOString(),
    elapsedMs: Date.now() - startedAtMs,
    ...(basis.source && { source: basis.source }),
    ...(basis.request.rerunOf && { rerunOf: basis.request.rerunOf }),
    ...(reused.length > 0 && { reused }),
    ...(audit.length > 0 && { audit }),
  };
}

/** A plain Canceled could not name runs that go on in Hex. */
function cancelled(x: PipelineExecution, error: CancelledFailure): TemporalFailure {
  if (x.cleanupFailed()) return stepFailed(x);
  if (x.leftRunning().length === 0) return error;
  return failureOf(x, LEFT_RUNNING, `Pipeline "${x.plan.spec.name}" was cancelled`);
}

function stepFailed(x: PipelineExecution): TemporalFailure {
  const name = x.plan.spec.name;
  const summary = `Step "${x.firstFailed()?.spec.id ?? '?'}" of pipeline "${name}" failed`;
  return failureOf(x, 'HexPipelineFailed', summary);
}

function timedOut(x: PipelineExecution, limitMs: number): TemporalFailure {
  const summary = `Pipeline "${x.plan.spec.name}" did not end within ${formatDuration(limitMs)}`;
  return failureOf(x, 'HexPipelineTimedOut', summary);
}

function failureOf(x: PipelineExecution, type: string, summary: string): TemporalFailure {
  return pipelineFailure(type, summary, {
    name: x.plan.spec.name,
    first: x.firstFailed(),
    states: [...x.steps.values()],
    results: x.results(),
    left: x.leftRunning(),
    audit: x.audit,
  });
}
