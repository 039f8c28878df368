import { isObject, type JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { SIZES } from '../../base/sizes.js';
import { type KeySpec, keyProblem, LONE_IF_EXISTS } from '../../run/key.js';
import type { RunScope } from '../../run/scope.js';
import { renderValue, variablesIn } from '../../templates/values.js';
import { resolveParams } from '../definition/params.js';
import { tooManyItems } from '../definition/parse-step.js';
import type { PipelineSpec, StepSpec } from '../definition/spec.js';
import { type ReadWorkFields, readWork, type StepWork } from './step-work.js';

/** A pipeline with its parameters, checked as far as it can be before any step has run. */
export interface PreparedPipeline {
  params: Record<string, JsonValue>;
  key: KeySpec | null;
  /** The work of steps that need no earlier result, by id; for a fan-out, of each item. */
  ready: Map<string, StepWork[]>;
  /** The items of fan-outs that need no earlier result. */
  items: Map<string, JsonValue[]>;
}

/** Fills in the parameters and everything that needs no earlier result, so that nothing unsound reaches Hex. */
export function preparePipeline(
  spec: PipelineSpec,
  given: Record<string, JsonValue>,
  run: RunScope,
  read: ReadWorkFields,
): Parsed<PreparedPipeline> {
  const params = resolveParams(spec.params, given, run);
  if (!params.ok) return params;
  const scope = { params: params.value, run };
  const problems: Problem[] = [];
  const key = readKey(spec, scope, problems);
  const prepared: PreparedPipeline = { params: params.value, key, ready: new Map(), items: new Map() };
  for (const step of spec.steps) {
    if (typeof step.when === 'string' && !needsResults(step.when)) {
      const decided = readWhen(step, scope);
      if (!decided.ok) problems.push(...decided.problems);
    }
    if (step.forEach !== null) {
      if (needsResults(step.forEach)) continue;
      const items = readItems(step, scope);
      if (!items.ok) {
        problems.push(...items.problems);
        continue;
      }
      prepared.items.set(step.id, items.value);
    }
    if (needsResults(step.body)) continue;
    const scopes =
      step.forEach === null
        ? [scope]
        : (prepared.items.get(step.id) ?? []).map((item, index) => ({ ...scope, item, index }));
    const works = scopes.map((one) => readWork(step, one, read));
    const bad = works.find((work) => !work.ok);
    if (bad && !bad.ok) problems.push(...bad.problems);
    else
      prepared.ready.set(
        step.id,
        works.flatMap((work) => (work.ok ? [work.value] : [])),
      );
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: prepared };
}

/** The key of the pipeline with its templates filled in. What is wrong with it is added to `problems`. */
function readKey({ key, ifExists }: PipelineSpec, scope: object, problems: Problem[]): KeySpec | null {
  if (key === null) {
    if (ifExists !== null) problems.push({ path: 'ifExists', message: LONE_IF_EXISTS });
    return null;
  }
  const { value, problems: found } = renderValue(key, scope, 'key');
  const wrong =
    typeof value === 'string' ? keyProblem(value) : `must give text, but gave ${JSON.stringify(value)}`;
  problems.push(...found, ...(found.length === 0 && wrong ? [{ path: 'key', message: wrong }] : []));
  return { text: String(value), ifExists: ifExists ?? 'run' };
}

/** Whether the step runs, by its `when`. */
export function readWhen(step: StepSpec, scope: object): Parsed<boolean> {
  const path = `steps.${step.id}.when`;
  const { value, problems } = renderValue(step.when, scope, path);
  if (problems.length > 0) return { ok: false, problems };
  if (value === true || value === 'true') return { ok: true, value: true };
  if (value === false || value === 'false') return { ok: true, value: false };
  const message = `must give true or false, but gave ${JSON.stringify(value)}: compare it, as in "{{ params.x == 1 }}"`;
  return { ok: false, problems: [{ path, message }] };
}

/** The items of a fan-out. */
export function readItems(step: StepSpec, scope: object): Parsed<JsonValue[]> {
  const path = `steps.${step.id}.forEach`;
  const { value, problems } = renderValue(step.forEach ?? [], scope, path);
  if (problems.length > 0) return { ok: false, problems };
  if (!Array.isArray(value))
    return {
      ok: false,
      problems: [{ path, message: `must give a list, but gave ${JSON.stringify(value)?.slice(0, 60)}` }],
    };
  if (value.length > SIZES.items)
    return { ok: false, problems: [{ path, message: tooManyItems(value.length) }] };
  return { ok: true, value };
}

/** Whether the templates of a value read results of earlier steps. */
export function needsResults(value: JsonValue): boolean {
  // A definition inside a step has templates of its own.
  const inner = isObject(value) && typeof value.pipeline !== 'string';
  return variablesIn(inner ? { ...value, pipeline: null } : value).some(([root]) => root === 'steps');
}
