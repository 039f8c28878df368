import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  CancelledFailure,
  defineQuery,
  defineSignal,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { parseDefinition, parsePipelineInput, prepare } from '../pipeline/boundary.js';
import type { HexPipelineInput } from '../pipeline/definition.js';
import { formatDuration } from '../pipeline/duration.js';
import type { RunScope } from '../pipeline/params.js';
import type { DefinitionSource, PipelineProgress, PipelineResult } from '../pipeline/pipeline-result.js';
import type { PipelineRequest, PipelineSpec } from '../pipeline/pipeline-spec.js';
import { planOf } from '../pipeline/plan.js';
import type { StepMemo } from '../pipeline/run-result.js';
import { dateIn } from '../pipeline/template-filters.js';
import { loadPipeline } from './pipeline-activities.js';
import { installControls } from './pipeline-controls.js';
import { type ExecutionBasis, PipelineExecution } from './pipeline-execution.js';
import { pipelineFailure } from './pipeline-failures.js';
import { PipelineNotices } from './pipeline-notices.js';
import { PipelineView } from './pipeline-view.js';
import { withTimeLimit } from './pipeline-waits.js';
import { invalidInput } from './run-failures.js';

const progressQuery = defineQuery<PipelineProgress>('progress');
/** From a child `hexRun`: the run that its step waits for. */
const stepProgressSignal =
  defineSignal<[{ step: string; runId: string; runUrl: string | null; status: string | null }]>(
    'stepProgress',
  );
const scheduledStart = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/**
 * Runs a pipeline of Hex projects, other pipelines, workflows of any worker, and approvals: as parallel as dependencies
 * allow, each run a child workflow `<id of this workflow>/<step>`.
 *
 * Fails with `InvalidInput` (every problem listed) before anything reaches Hex, `HexPipelineFailed` when a step failed,
 * `HexPipelineTimedOut` at its time limit; `details[0]` is a `PipelineFailureDetails`. A cancel is passed on to every
 * child and waits until each has cleaned up. Updates: `pause`, `resume`, `retryStep`, `skipStep`, `markSuccess`,
 * `cancelStep`, `approve`, `reject`, `pollNow`. Query: `progress`.
 *
 * @param input a definition, a list of steps, or `{pipeline: <definition or name>, params}`
 */
export async function hexPipeline(input: HexPipelineInput): Promise<PipelineResult> {
  const view = new PipelineView();
  const running: { execution: PipelineExecution | null } = { execution: null };
  setHandler(progressQuery, () => view.progress());
  setHandler(stepProgressSignal, ({ step: key, runId, runUrl }) => {
    const found = running.execution?.unit(key);
    if (found) found.unit.run = { runId, runUrl };
  });
  installControls(() => running.execution);

  const basis = await prepareExecution(input);
  const { spec } = basis.plan;
  const notices = new PipelineNotices(spec, view.warnings);
  const execution = new PipelineExecution(basis, (event, text) => notices.tell(event, text));
  running.execution = execution;
  view.show(execution);
  notices.watchDeadline(execution);
  try {
    const outcome = await withTimeLimit(
      spec.timeoutMs,
      'Time limit of the pipeline',
      () => execution.toEnd(),
      () =>
        failureOf(
          execution,
          'HexPipelineTimedOut',
          `did not end within ${formatDuration(spec.timeoutMs ?? 0)}`,
        ),
    );
    if (outcome === 'failed') throw failureOf(execution, 'HexPipelineFailed');
    view.end('success');
    await notices.end('success', `Pipeline "${spec.name}" succeeded`);
    return resultOf(execution);
  } catch (error) {
    const failure =
      error instanceof CancelledFailure && cleanUpFailed(execution)
        ? failureOf(execution, 'HexPipelineFailed')
        : error;
    const cancelled = failure instanceof CancelledFailure;
    view.end(cancelled ? 'cancelled' : 'failed');
    const words = failure instanceof Error ? failure.message : String(failure);
    await notices.end(
      cancelled ? 'cancelled' : 'failure',
      cancelled ? `Pipeline "${spec.name}" was cancelled` : words,
    );
    throw failure;
  }
}

/** Reads the input, and the definition where only its name was given; checks all that can be checked. */
async function prepareExecution(input: unknown): Promise<ExecutionBasis> {
  const request = soundOf(parsePipelineInput(input));
  const { spec, source } = request.spec ? { spec: request.spec, source: null } : await loadByName(request);
  const run = runScope(request, spec);
  const prepared = soundOf(prepare(spec, request.params, run));
  const { hexDepth = 0 } = (workflowInfo().memo ?? {}) as StepMemo;
  return { plan: planOf(spec), prepared, request, run, source, depth: hexDepth };
}

async function loadByName({
  load,
}: PipelineRequest): Promise<{ spec: PipelineSpec; source: DefinitionSource }> {
  const { definition, source } = await loadPipeline(load ?? '');
  const spec = soundOf(parseDefinition(definition));
  upsertMemo({ hexDefinition: source });
  return { spec: spec.name === 'pipeline' ? { ...spec, name: source.name } : spec, source };
}

function soundOf<T>(
  parsed: { ok: true; value: T } | { ok: false; problems: { path: string; message: string }[] },
): T {
  if (!parsed.ok) throw invalidInput('hexPipeline', parsed.problems);
  return parsed.value;
}

function runScope({ scheduledTime }: PipelineRequest, spec: PipelineSpec): RunScope {
  const { workflowId, startTime, typedSearchAttributes } = workflowInfo();
  const scheduled = scheduledTime ?? typedSearchAttributes.get(scheduledStart) ?? startTime;
  const time = new Date(scheduled);
  return {
    scheduledTime: time.toISOString(),
    date: dateIn(time.getTime(), spec.timezone),
    timezone: spec.timezone,
    startTime: startTime.toISOString(),
    workflowId,
    pipeline: spec.name,
  };
}

function resultOf(x: PipelineExecution): PipelineResult {
  const { plan, prepared, basis, startedAtMs, audit, steps } = x;
  const reused = [...steps.values()].filter((step) => step.reused).map(({ spec }) => spec.id);
  return {
    success: true,
    name: plan.spec.name,
    params: prepared.params,
    steps: x.results(),
    startTime: new Date(startedAtMs).toISOString(),
    endTime: new Date().toISOString(),
    elapsedMs: Date.now() - startedAtMs,
    ...(basis.source && { source: basis.source }),
    ...(basis.request.rerunOf && { rerunOf: basis.request.rerunOf }),
    ...(reused.length > 0 && { reused }),
    ...(audit.length > 0 && { audit }),
  };
}

function failureOf(x: PipelineExecution, type: string, what?: string): Error {
  const first = x.firstFailed();
  const summary =
    what !== undefined
      ? `Pipeline "${x.plan.spec.name}" ${what}`
      : `Step "${first?.spec.id ?? '?'}" of pipeline "${x.plan.spec.name}" failed`;
  return pipelineFailure(type, summary, {
    name: x.plan.spec.name,
    first,
    steps: x.steps.values(),
    results: x.results(),
    audit: x.audit,
  });
}

/** A run may have been left behind in Hex, which a quiet Canceled would hide. */
function cleanUpFailed(x: PipelineExecution): boolean {
  return [...x.steps.values()].some(({ error }) => error?.type === 'HexCleanupFailed');
}
