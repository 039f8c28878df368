import { CancelledFailure, setHandler, TemporalFailure } from '@temporalio/workflow';
import { formatDuration } from '../base/duration.js';
import { pipelineProgressQuery, sliceProgressSignal, stepProgressSignal } from '../contract/messages.js';
import type { HexPipelineInput } from '../pipeline/definition/definition.js';
import type { PipelineResult } from '../pipeline/execution/result.js';
import type { FailureType } from '../run/failure-types.js';
import type { StepNotifyEvent } from '../run/notify.js';
import { logEvent } from './log-event.js';
import { PipelineAttributes } from './pipeline/attributes.js';
import { checkHttpSteps } from './pipeline/check-http.js';
import { checkLaterItems, hasLaterItems } from './pipeline/check-items.js';
import { installControls } from './pipeline/controls.js';
import { Deadlines } from './pipeline/deadlines.js';
import { PipelineExecution } from './pipeline/execution.js';
import { pipelineFailure } from './pipeline/failures.js';
import { underPipelineKey } from './pipeline/key.js';
import { endNotMeant } from './pipeline/not-meant.js';
import { PipelineNotifications } from './pipeline/notifications.js';
import { prepareExecution } from './pipeline/prepare.js';
import type { PreparedExecution } from './pipeline/prepared.js';
import type { StepRecord } from './pipeline/state.js';
import { PipelineView } from './pipeline/view.js';
import { ChildWaits } from './pipeline/waits.js';
import { withTimeLimit } from './timers.js';

/**
 * Runs a pipeline of Hex projects, other pipelines, workflows of any worker, and approvals: as parallel as dependencies
 * allow, each run a child workflow `<id of this workflow>/<step>`.
 *
 * Fails with `InvalidInput` (every problem listed) before anything reaches Hex, `HexPipelineFailed` when a step failed,
 * `HexPipelineTimedOut` at its time limit; `details[0]` is a `PipelineFailureDetails`. A cancel is passed on to every
 * child and waits until each has cleaned up; where one has left its run in Hex (`onCancel: leave`), the pipeline fails
 * with `HexRunLeftRunning`, which names the runs. With a `key` that another has, it does what `ifExists` says, which
 * may be to fail with `KeyExists` or, after it has joined that one, with its failure, `JoinedFailed` or `JoinTimedOut`. Updates:
 * `pause`, `resume`, `retryStep`, `skipStep`, `markSuccess`, `cancelStep`, `approve`, `reject`, `pollNow`. Query:
 * `progress`.
 *
 * @param input a definition, a list of steps, or `{pipeline: <definition or name>, params}`
 * @param others refused where there are any
 */
export async function hexPipeline(input: HexPipelineInput, ...others: unknown[]): Promise<PipelineResult> {
  const view = new PipelineView();
  const running: { execution: PipelineExecution | null; foresee(): void } = { execution: null, foresee() {} };
  setHandler(pipelineProgressQuery, () => view.progress());
  const waits = new ChildWaits();
  setHandler(stepProgressSignal, (progress) => {
    if (!running.execution) return;
    waits.note(running.execution, progress);
    if (progress.expectedEnd) running.foresee();
  });
  setHandler(sliceProgressSignal, (progress) => {
    if (!running.execution) return;
    waits.noteSlice(running.execution, progress);
    running.foresee();
  });
  installControls(() => running.execution);

  const preparing = prepareExecution(input, others);
  const prepared = preparing instanceof Promise ? await preparing : preparing;
  const attributes = new PipelineAttributes(prepared, view);
  return attributes.around(async () => {
    if (prepared.meant) return endNotMeant(prepared, prepared.meant, view);
    if (prepared.pipeline.key) await attributes.settled();
    return underPipelineKey(prepared, view, () =>
      carryOut(prepared, view, attributes, (execution, foresee) => {
        running.execution = execution;
        running.foresee = foresee;
      }),
    );
  });
}

/** Runs the steps, and tells how it goes. */
async function carryOut(
  prepared: PreparedExecution,
  view: PipelineView,
  attributes: PipelineAttributes,
  begun: (execution: PipelineExecution, foresee: () => void) => void,
): Promise<PipelineResult> {
  const { spec } = prepared.plan;
  const notifications = new PipelineNotifications(spec, view.warnings);
  const execution = new PipelineExecution(prepared, (step, event, text) => {
    logStep(spec.name, step, event, text);
    notifications.sendOfStep(step, event, text);
  });
  logEvent('info', `Pipeline "${spec.name}" started`, { event: 'pipeline_started', pipeline: spec.name });
  const deadlines = new Deadlines(execution, notifications, (endOf) => view.expectedEnd(endOf));
  begun(execution, () => deadlines.foresee());
  view.show(execution);
  deadlines.watch();
  const end = (...ended: Parameters<PipelineNotifications['end']>) => {
    deadlines.end();
    return notifications.end(...ended);
  };
  try {
    await notifications.check(attributes);
    await checkHttpSteps(prepared, attributes);
    if (hasLaterItems(prepared)) await checkLaterItems(prepared, attributes);
    const outcome = await withTimeLimit(
      spec.timeoutMs,
      'Time limit of the pipeline',
      () => execution.toEnd(),
      () => timedOut(execution, spec.timeoutMs ?? 0),
    );
    if (outcome === 'failed') throw stepFailed(execution);
  } catch (error) {
    // A bug in this package: fail the workflow task, so that a fixed worker can retry it.
    if (!(error instanceof TemporalFailure)) throw error;
    const quiet = error instanceof CancelledFailure && !execution.cleanupFailed();
    view.end(quiet ? 'cancelled' : 'failed');
    const failure = error instanceof CancelledFailure ? cancelled(execution, error) : error;
    if (failure instanceof CancelledFailure) await end('cancelled', `Pipeline "${spec.name}" was cancelled`);
    else if (quiet) await end('cancelled', failure.message);
    else await end('failure', failure.message, execution.firstFailed());
    throw failure;
  }
  view.end('success');
  await end('success', `Pipeline "${spec.name}" succeeded`);
  return pipelineResult(execution);
}

function logStep(pipeline: string, { spec, state }: StepRecord, event: StepNotifyEvent, text: string): void {
  logEvent(event === 'failure' ? 'warn' : 'info', text, {
    event: event === 'waiting' ? 'step_waiting' : 'step_ended',
    pipeline,
    step: spec.id,
    state,
  });
}

function pipelineResult(execution: PipelineExecution): PipelineResult {
  const { plan, pipeline, prepared, startedAtMs, audit, steps } = execution;
  const reused = [...steps.values()].filter((step) => step.reused).map(({ spec }) => spec.id);
  return {
    success: true,
    name: plan.spec.name,
    params: pipeline.params,
    ...execution.results(),
    startTime: new Date(startedAtMs).toISOString(),
    endTime: new Date().toISOString(),
    elapsedMs: Date.now() - startedAtMs,
    ...(prepared.source && { source: prepared.source }),
    ...(prepared.request.rerunOf && { rerunOf: prepared.request.rerunOf }),
    ...(reused.length > 0 && { reused }),
    ...(audit.length > 0 && { audit }),
  };
}

/** A plain Canceled could not name runs that go on in Hex. */
function cancelled(execution: PipelineExecution, error: CancelledFailure): TemporalFailure {
  if (execution.cleanupFailed()) return stepFailed(execution);
  if (execution.leftRunning().length === 0) return error;
  return failureOf(execution, 'HexRunLeftRunning', `Pipeline "${execution.plan.spec.name}" was cancelled`);
}

function stepFailed(execution: PipelineExecution): TemporalFailure {
  const name = execution.plan.spec.name;
  const summary = `Step "${execution.firstFailed()?.spec.id ?? '?'}" of pipeline "${name}" failed`;
  return failureOf(execution, 'HexPipelineFailed', summary);
}

function timedOut(execution: PipelineExecution, limitMs: number): TemporalFailure {
  const summary = `Pipeline "${execution.plan.spec.name}" did not end within ${formatDuration(limitMs)}`;
  return failureOf(execution, 'HexPipelineTimedOut', summary);
}

function failureOf(execution: PipelineExecution, type: FailureType, summary: string): TemporalFailure {
  return pipelineFailure(type, summary, {
    name: execution.plan.spec.name,
    first: execution.firstFailed(),
    states: [...execution.steps.values()],
    results: execution.results(),
    left: execution.leftRunning(),
    audit: execution.audit,
  });
}
