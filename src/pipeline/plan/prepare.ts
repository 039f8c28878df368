import { isObject, type JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { type KeySpec, keyProblem, LONE_IF_EXISTS } from '../../run/key.js';
import type { RunScope } from '../../run/scope.js';
import { renderValue, variablesIn } from '../../templates/values.js';
import { mostItems, tooManyItems } from '../definition/items.js';
import { resolveParams } from '../definition/params.js';
import type { PipelineSpec, StepSpec } from '../definition/spec.js';
import { type ReadWorkFields, readWork, type StepWork } from './step-work.js';

/** Items of a fan-out whose work is read at once: a workflow task must not take long. */
const ITEMS_AT_ONCE = 1_000;

/** A pipeline with its parameters, checked as far as it can be before any step has run. */
export interface PreparedPipeline {
  params: Record<string, JsonValue>;
  key: KeySpec | null;
  /** The work of steps that need no earlier result, by id; for a fan-out, of each of its first 1,000 items. */
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
    const items = prepared.items.get(step.id) ?? [];
    const scopes = step.forEach === null ? [scope] : itemScopes(scope, items, 0);
    const works = readWorks(step, scopes, read);
    if (works.ok) prepared.ready.set(step.id, works.value);
    else problems.push(...works.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: prepared };
}

/** What is wrong with the items of long fan-outs that {@link preparePipeline} has not read; 1,000 of them at once. */
export function* laterItemProblems(
  spec: PipelineSpec,
  { params, items, ready }: PreparedPipeline,
  run: RunScope,
  read: ReadWorkFields,
): Generator<Problem[]> {
  for (const step of spec.steps) {
    const all = step.forEach !== null && ready.has(step.id) ? (items.get(step.id) ?? []) : [];
    for (let from = ITEMS_AT_ONCE; from < all.length; from += ITEMS_AT_ONCE) {
      const works = readWorks(step, itemScopes({ params, run }, all, from), read);
      yield works.ok ? [] : works.problems;
    }
  }
}

function itemScopes(scope: object, items: readonly JsonValue[], from: number): object[] {
  return items
    .slice(from, from + ITEMS_AT_ONCE)
    .map((item, place) => ({ ...scope, item, index: from + place }));
}

/** All works, or the problems of the first that has any. */
function readWorks(step: StepSpec, scopes: readonly object[], read: ReadWorkFields): Parsed<StepWork[]> {
  const works = scopes.map((scope) => readWork(step, scope, read));
  const bad = works.find((work) => !work.ok);
  if (bad && !bad.ok) return bad;
  return { ok: true, value: works.flatMap((work) => (work.ok ? [work.value] : [])) };
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
  if (value.length > mostItems(step.kind))
    return { ok: false, problems: [{ path, message: tooManyItems(step.kind, value.length) }] };
  return { ok: true, value };
}

/** Whether the templates of a value read results of earlier steps. */
export function needsResults(value: JsonValue): boolean {
  // A definition inside a step has templates of its own.
  const inner = isObject(value) && typeof value.pipeline !== 'string';
  return variablesIn(inner ? { ...value, pipeline: null } : value).some(([root]) => root === 'steps');
}
