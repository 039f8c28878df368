import { ApplicationFailure } from '@temporalio/common';
import { ActivityFailure, patched, upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { Parsed } from '../../base/problems.js';
import { isOfType } from '../../contract/failure.js';
import { memo, memoOf } from '../../contract/memo.js';
import { onlyArgument, parseDefinition, parsePipelineInput, prepare } from '../../pipeline/boundary.js';
import { tooManyItems } from '../../pipeline/definition/items.js';
import { asRequested, type PipelineRequest, type PipelineSpec } from '../../pipeline/definition/spec.js';
import { timezoneProblem } from '../../pipeline/definition/timezone.js';
import type { DefinitionSource } from '../../pipeline/execution/result.js';
import { isLong } from '../../pipeline/execution/slices.js';
import { intervalOf } from '../../pipeline/plan/interval.js';
import { planOf } from '../../pipeline/plan/plan.js';
import type { PreparedPipeline } from '../../pipeline/plan/prepare.js';
import { type RunScope, runScope } from '../../run/scope.js';
import { meantInsteadOf } from '../../schedule/index.js';
import { InputRules } from '../input-rules.js';
import { invalidInput } from '../run/failures.js';
import { scheduledTime } from '../scheduled-time.js';
import { loadPipeline } from './activities.js';
import type { PreparedExecution } from './prepared.js';
import { triggerOf } from './trigger.js';

/** More are of no use to anybody, and a failure has to stay small. */
const MOST_PROBLEMS = 100;

/**
 * Reads the input and checks all that can be checked before a step runs. A promise only where the definition has to be
 * loaded: the Updates of a pipeline that was given whole find it ready, even when they come with its start.
 */
export function prepareExecution(
  input: unknown,
  others: readonly unknown[],
): PreparedExecution | Promise<PreparedExecution> {
  const rules = new InputRules();
  const request = soundOf(rules.read(() => onlyArgument(parsePipelineInput(input), others)));
  return request.spec ? preparedFrom(request, request.spec, null, rules) : loadByName(request, rules);
}

function preparedFrom(
  request: PipelineRequest,
  definition: PipelineSpec,
  source: DefinitionSource | null,
  rules: InputRules,
): PreparedExecution {
  const spec = asRequested(definition, request);
  const { hexStep, hexDepth = 0, hexSchedule } = memoOf(workflowInfo());
  // A sub-pipeline takes the zone of the pipeline above only where it has none.
  const wrong = hexStep === undefined ? timezoneProblem(spec.timezone, request.timezone) : null;
  if (wrong) throw invalidInput('hexPipeline', [wrong]);
  const run = scopeOf(request, spec);
  const pipeline = soundOf(rules.read(() => prepare(spec, request.params, run)));
  refuseLongLists(pipeline, spec);
  const meant =
    hexSchedule !== undefined && spec.schedule
      ? meantInsteadOf(spec.schedule, Date.parse(run.scheduledTime))
      : null;
  const trigger = triggerOf(request, spec, run);
  return { plan: planOf(spec), pipeline, request, run, source, rules, trigger, depth: hexDepth, meant };
}

/** In an execution that began when they were too long. */
function refuseLongLists({ items }: PreparedPipeline, { steps }: PipelineSpec): void {
  const problems = steps.flatMap(({ id, kind }) => {
    const count = items.get(id)?.length ?? 0;
    return isLong(count) ? [{ path: `steps.${id}.forEach`, message: tooManyItems(kind, count) }] : [];
  });
  if (problems.length > 0 && !patched('items-in-slices')) throw invalidInput('hexPipeline', problems);
}

async function loadByName(request: PipelineRequest, rules: InputRules): Promise<PreparedExecution> {
  try {
    const { definition, source } = await loadPipeline(request.load ?? '');
    const spec = soundOf(rules.read(() => parseDefinition(definition)));
    upsertMemo(memo({ hexDefinition: source }));
    const named = spec.name === 'pipeline' ? { ...spec, name: source.name } : spec;
    return preparedFrom(request, named, source, rules);
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : null;
    if (!(cause instanceof ApplicationFailure) || !isOfType(cause, 'InvalidInput')) throw error;
    throw invalidInput('hexPipeline', [{ path: 'pipeline', message: cause.message }]);
  }
}

function soundOf<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  const { problems } = parsed;
  const more = problems.length - MOST_PROBLEMS;
  const shown = problems.slice(0, MOST_PROBLEMS);
  throw invalidInput('hexPipeline', more > 0 ? [...shown, { path: '', message: `and ${more} more` }] : shown);
}

function scopeOf(request: PipelineRequest, spec: PipelineSpec): RunScope {
  const { workflowId, startTime } = workflowInfo();
  const time = request.scheduledTime === null ? scheduledTime() : new Date(request.scheduledTime);
  return {
    ...runScope({ scheduledTime: time, startTime, workflowId }, spec.timezone ?? request.timezone ?? 'UTC'),
    ...intervalOf(request, spec, time),
    pipeline: spec.name,
  };
}
