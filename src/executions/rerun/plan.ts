import { isObject, type JsonValue, jsonSize, own } from '../../base/json.js';
import { leniently } from '../../base/leniency.js';
import { formatProblems } from '../../base/problems.js';
import { didYouMean } from '../../base/suggest.js';
import { parseDefinition } from '../../pipeline/boundary.js';
import type {
  PipelineDefinition,
  PipelineRunInput,
  ReusedStep,
} from '../../pipeline/definition/definition.js';
import type { PipelineSpec, StepSpec } from '../../pipeline/definition/spec.js';
import { boundItems } from '../../pipeline/execution/bound-results.js';
import { type Plan, planOf, withDescendants } from '../../pipeline/plan/plan.js';
import { variablesIn } from '../../templates/values.js';
import { type PipelineHistory, RerunError } from './history.js';

/** What to repeat beside what has failed. */
export interface RerunChoices {
  /** Steps that are run again although they were good, with all that depends on them. */
  from?: readonly string[];
  /** Parameters with other values; the steps that use them are run again, with all that depends on them. */
  set?: Record<string, JsonValue>;
}

/** What a rerun would do. */
export interface RerunPlan {
  /** What the new workflow is started with. */
  input: PipelineRunInput;
  /** Name of the pipeline. */
  name: string;
  /** That of the first. */
  taskQueue: string;
  /** Ids of the steps whose results are taken over; of a fan-out, those of its good items. */
  reused: string[];
  /** Ids of the steps that are run, as far as their rules and conditions let them. */
  again: string[];
  /** Whether the definition is from before some rules of inputs existed; it is then run by the rules of its time. */
  lenient: boolean;
}

/** Temporal takes payloads of up to 2 MiB. */
const MOST_BYTES = 1_900_000;
/** Results of items that are taken over whole. */
const MOST_ITEM_BYTES = 1_500_000;

/** Lays out a rerun: the good steps are taken over, the others and all that depends on broken ones are run. */
export function planRerun(history: PipelineHistory, { from = [], set = {} }: RerunChoices = {}): RerunPlan {
  if (!history.closed)
    throw new RerunError(
      `${history.workflowId} is still running: use the Updates retryStep and skipStep on it, or cancel it first`,
    );
  const before = givenOf(history);
  const today = parseDefinition(before.pipeline);
  const parsed = today.ok ? today : leniently(() => parseDefinition(before.pipeline));
  if (!parsed.ok)
    throw new RerunError(
      `The pipeline of ${history.workflowId} was never sound:\n${formatProblems(parsed.problems)}`,
    );
  const plan = planOf(parsed.value);
  checkChoices(plan.spec, from, Object.keys(set));

  const good = goodSteps(plan, history, before.reuse ?? {});
  const chosen = withDescendants(plan, [...from, ...usersOf(plan, new Set(Object.keys(set)))]);
  const shaken = withDescendants(
    plan,
    [...broken(plan, history)].flatMap((id) => plan.dependents.get(id) ?? []),
  );
  const reuse: Record<string, ReusedStep> = {};
  for (const [id, result] of good) {
    if (!chosen.has(id) && !shaken.has(id)) reuse[id] = result;
  }

  const input: PipelineRunInput = {
    pipeline: before.pipeline as PipelineRunInput['pipeline'],
    params: { ...before.params, ...set },
    ...(before.key !== undefined && { key: before.key }),
    ...(before.ifExists !== undefined && { ifExists: before.ifExists }),
    scheduledTime: before.scheduledTime ?? history.scheduledTime,
    ...(plan.spec.timezone === null && before.timezone !== undefined && { timezone: before.timezone }),
    ...(before.interval && { interval: before.interval }),
    ...(before.partition !== undefined && { partition: before.partition }),
    rerunOf: { workflowId: history.workflowId, runId: history.runId },
    reuse,
  };
  if (jsonSize(input) > MOST_BYTES)
    throw new RerunError(
      `The results to take over are ${jsonSize(input)} bytes, and ${MOST_BYTES} can be sent`,
    );
  const whole = Object.keys(reuse).filter((id) => reuse[id]?.complete !== false || !brokenStep(id, history));
  const again = plan.spec.steps.map(({ id }) => id).filter((id) => !whole.includes(id));
  return {
    input,
    name: plan.spec.name,
    taskQueue: history.taskQueue,
    reused: Object.keys(reuse),
    again,
    lenient: !today.ok,
  };
}

/** The input in its long form, with the definition that was used. Throws `RerunError` where it was never loaded. */
export function givenOf({ input, loaded, workflowId }: PipelineHistory): PipelineRunInput {
  const long = isObject(input) && input.steps === undefined && input.pipeline !== undefined;
  const given = (long ? input : { pipeline: input }) as unknown as PipelineRunInput;
  if (typeof given.pipeline !== 'string') return given;
  if (!loaded)
    throw new RerunError(
      `${workflowId} ended before its definition "${given.pipeline}" was loaded: start it anew`,
    );
  const { definition, name } = loaded;
  const named = Array.isArray(definition) ? { name, steps: definition } : { name, ...(definition as object) };
  return { ...given, pipeline: named as unknown as PipelineDefinition };
}

function checkChoices(spec: PipelineSpec, from: readonly string[], params: readonly string[]): void {
  const steps = spec.steps.map(({ id }) => id);
  for (const id of from) {
    if (!steps.includes(id)) throw new RerunError(`There is no step "${id}"${didYouMean(id, steps)}`);
  }
  const known = Object.keys(spec.params);
  for (const name of params) {
    if (!known.includes(name))
      throw new RerunError(`There is no parameter "${name}"${didYouMean(name, known)}`);
  }
}

/** Steps whose templates read one of the parameters. */
function usersOf({ spec }: Plan, params: ReadonlySet<string>): string[] {
  const reads = ({ when, forEach, body }: StepSpec) =>
    variablesIn([when, forEach, body]).some(
      ([root, name]) =>
        root === 'params' && (name === undefined || name === null || params.has(String(name))),
    );
  return params.size === 0 ? [] : spec.steps.filter(reads).map(({ id }) => id);
}

/** Steps that were tried and did not come to a good end. */
function broken({ spec }: Plan, history: PipelineHistory): Set<string> {
  const found = new Set(history.failed);
  for (const { id } of spec.steps) {
    if (brokenStep(id, history)) found.add(id);
  }
  return found;
}

function brokenStep(id: string, { broken: keys }: PipelineHistory): boolean {
  if (keys.has(id)) return true;
  for (const key of keys) {
    if (key.startsWith(`${id}/`)) return true;
  }
  return false;
}

/** What there is to take over, by step. */
function goodSteps(
  { spec }: Plan,
  history: PipelineHistory,
  earlier: Record<string, ReusedStep>,
): Map<string, ReusedStep> {
  const good = new Map<string, ReusedStep>();
  for (const step of spec.steps) {
    const { id, forEach } = step;
    const marked = history.decided.get(id);
    if (marked?.action === 'markSuccess') good.set(id, { result: unitResult(step, id, history) ?? null });
    else if (forEach === null) {
      const result = history.broken.has(id) ? null : unitResult(step, id, history);
      const taken = result === null ? own(earlier, id) : { result };
      if (taken) good.set(id, taken);
    } else {
      const taken = itemsOf(step, history, own(earlier, id));
      if (taken) good.set(id, taken);
    }
  }
  return good;
}

/** The good items of a fan-out. The list itself is made again, so that items that were never reached are run. */
function itemsOf(
  step: StepSpec,
  history: PipelineHistory,
  earlier: ReusedStep | undefined,
): ReusedStep | null {
  if (earlier && earlier.complete !== false) return earlier;
  const items: Record<string, JsonValue> = {
    ...(earlier?.result as { items?: Record<string, JsonValue> } | undefined)?.items,
  };
  const approvedAll = history.decided.get(step.id);
  for (const key of new Set([
    ...history.results.keys(),
    ...history.kept.keys(),
    ...history.fresh.keys(),
    ...history.decided.keys(),
  ])) {
    if (!key.startsWith(`${step.id}/`) || history.broken.has(key)) continue;
    const result = unitResult(step, key, history);
    if (result !== null) items[key.slice(step.id.length + 1)] = result;
  }
  if (Object.keys(items).length === 0 || approvedAll) return null;
  return { result: { items: boundItems(items, MOST_ITEM_BYTES) }, complete: false };
}

/** The result of a unit in the form that the workflow keeps it in. */
function unitResult(step: StepSpec, key: string, history: PipelineHistory): JsonValue | null {
  const decided = history.decided.get(key);
  if (decided) {
    const { action, by, reason, at } = decided;
    return { success: true, status: action === 'approve' ? 'APPROVED' : 'MARKED_SUCCESS', by, reason, at };
  }
  const kept = history.kept.get(key);
  if (kept !== undefined) return kept;
  const result = history.results.get(key);
  if (result === undefined) return history.fresh.get(key) ?? null;
  const child = { success: true, status: 'COMPLETED', workflowId: `${history.workflowId}/${key}` };
  if (step.kind === 'workflow') return { ...child, output: result };
  if (step.kind !== 'pipeline' || !isObject(result)) return result;
  const { params, steps } = result as { params: JsonValue; steps: JsonValue };
  return { ...child, params, steps };
}
