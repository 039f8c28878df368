/**
 * Where workflows parse what comes in. zod costs 600 KB of heap and 5 ms in every cached workflow, so this module is
 * loaded once for all of them (`preloadModules`, by its path), and the template engine with it. Neither it nor any
 * module that it imports may export a schema object: the SDK freezes what preloaded modules export, and a frozen schema
 * no longer works. So schemas are made by functions, and kept here where nobody sees them.
 */

import { isObject, type JsonValue, valueAt } from '../base/json.js';
import { isLenient } from '../base/leniency.js';
import type { Parsed, Problem } from '../base/problems.js';
import { valueProblems } from '../base/value-problems.js';
import type { RunSpec } from '../run/input.js';
import { plainWords, problemsOf } from '../run/issues.js';
import type { JanitorSpec } from '../run/janitor-input.js';
import { janitorInputSchema, toJanitorSpec } from '../run/janitor-schema.js';
import { runInputSchema, toRunSpec } from '../run/schema.js';
import type { ExecutionStart, RunScope } from '../run/scope.js';
import { renderRun, runTemplateProblems } from '../run/templates.js';
import { isTemplate } from '../templates/engine.js';
import { hasTemplates } from '../templates/values.js';
import { type BackfillRequest, readBackfillInput } from './backfill/parse.js';
import { readDefinition, readFilled, readPipelineInput } from './definition/parse.js';
import type { Projects } from './definition/project-inputs.js';
import type { PipelineRequest, PipelineSpec, StepSpec } from './definition/spec.js';
import {
  laterItemProblems,
  type PreparedPipeline,
  preparePipeline,
  readItems,
  readWhen,
} from './plan/prepare.js';
import { type ReadWorkFields, readWork, type StepWork } from './plan/step-work.js';
import type { SensorRequest } from './sensor/input.js';
import { readSensorInput } from './sensor/parse.js';

const runInput = runInputSchema();
const janitorInput = janitorInputSchema();

/** Parses the input of a `hexRun` whose templates, if it had any, have been filled in: braces in it are text. */
export function parseRunInput(raw: unknown): Parsed<RunSpec> {
  return sound(raw, () => {
    const result = runInput.safeParse(raw, { error: plainWords });
    return result.success
      ? { ok: true, value: toRunSpec(result.data) }
      : { ok: false, problems: problemsOf(result.error.issues, runInput) };
  });
}

/** Parses the input of a `hexRun` of its own, and fills in its templates, which know `run` only; every problem at once. */
export function prepareRun(raw: unknown, start: ExecutionStart): Parsed<RunSpec> {
  if (isLenient() || !isObject(raw) || valueProblems(raw).length > 0) return parseRunInput(raw);
  const unsound = runTemplateProblems(raw);
  if (unsound.length > 0) return { ok: false, problems: [...problemsBesideTemplates(raw), ...unsound] };
  if (!hasTemplates(raw as JsonValue)) return parseRunInput(raw);
  const { value, problems } = renderRun(raw, start);
  return problems.length > 0 ? { ok: false, problems } : parseRunInput(value);
}

/** Problems of all fields that are no templates. */
function problemsBesideTemplates(raw: unknown): Problem[] {
  const { error } = runInput.safeParse(raw, { error: plainWords });
  const isText = ({ path }: { path: PropertyKey[] }) => {
    const value = valueAt(raw, path);
    return typeof value !== 'string' || !isTemplate(value);
  };
  return error ? problemsOf(error.issues.filter(isText), runInput) : [];
}

/** Parses the input of `hexJanitor`. */
export function parseJanitorInput(raw: unknown): Parsed<JanitorSpec> {
  return sound(raw, () => {
    const result = janitorInput.safeParse(raw, { error: plainWords });
    return result.success
      ? { ok: true, value: toJanitorSpec(result.data) }
      : { ok: false, problems: problemsOf(result.error.issues, janitorInput) };
  });
}

/** Parses the input of `hexPipeline`: a definition, a list of steps, or `{pipeline, params}`. */
export function parsePipelineInput(raw: unknown): Parsed<PipelineRequest> {
  return sound(raw, readPipelineInput);
}

/** Parses the input of `hexBackfill`. */
export function parseBackfillInput(raw: unknown): Parsed<BackfillRequest> {
  return sound(raw, readBackfillInput);
}

/** Parses the input of `hexSensor`. */
export function parseSensorInput(raw: unknown): Parsed<SensorRequest> {
  return sound(raw, readSensorInput);
}

/** What was parsed of the only argument of a workflow; refused where there were others, which nobody would look at. */
export function onlyArgument<T>(parsed: Parsed<T>, others: readonly unknown[]): Parsed<T> {
  if (others.length === 0 || isLenient()) return parsed;
  const message = `one argument is taken, and ${1 + others.length} were given: put everything into one JSON object`;
  return { ok: false, problems: [{ path: '', message }, ...(parsed.ok ? [] : parsed.problems)] };
}

/** Parses a definition, such as the content of a pipeline file. */
export function parseDefinition(raw: unknown): Parsed<PipelineSpec> {
  return sound(raw, (value) => readDefinition(value));
}

/** Fills in the parameters and all that needs no earlier result. */
export function prepare(
  spec: PipelineSpec,
  params: Record<string, JsonValue>,
  run: RunScope,
): Parsed<PreparedPipeline> {
  return preparePipeline(spec, params, run, workReader(spec.projects));
}

/** What is wrong with the later items of long fan-outs, which `prepare` has not read: some of them at once. */
export function problemsOfLaterItems(
  spec: PipelineSpec,
  prepared: PreparedPipeline,
  run: RunScope,
): Generator<Problem[]> {
  return laterItemProblems(spec, prepared, run, workReader(spec.projects));
}

/** What a step does, its templates filled in from the scope. */
export function stepWork(step: StepSpec, scope: object, { projects }: PipelineSpec): Parsed<StepWork> {
  return readWork(step, scope, workReader(projects));
}

/** Whether a step runs, by its `when`. */
export function stepCondition(step: StepSpec, scope: object): Parsed<boolean> {
  return readWhen(step, scope);
}

/** The items of a fan-out. */
export function stepItems(step: StepSpec, scope: object): Parsed<JsonValue[]> {
  return readItems(step, scope);
}

/** Reads a step's fields once its templates are filled in. */
function workReader(projects: Projects): ReadWorkFields {
  return (kind, fields) => {
    const problems = valueProblems(fields);
    return problems.length > 0 ? { ok: false, problems } : readFilled(kind, fields, projects);
  };
}

/** What is parsed, unless some value in it would not reach Hex as it stands. */
function sound<T>(raw: unknown, read: (value: JsonValue) => Parsed<T>): Parsed<T> {
  const unsent = valueProblems(raw);
  // Nothing but JSON has no such problem; a workflow's input, which may be read leniently, comes as JSON.
  const parse = () => read(raw as JsonValue);
  if (unsent.length === 0) return parse();
  const paths = unsent.map(({ path }) => path);
  const others = otherProblems(parse).filter(
    ({ path }) => path === '' || !paths.some((one) => one.startsWith(path)),
  );
  return { ok: false, problems: [...unsent, ...others] };
}

function otherProblems(parse: () => Parsed<unknown>): Problem[] {
  try {
    const parsed = parse();
    return parsed.ok ? [] : parsed.problems;
  } catch {
    // A bigint or an object that holds itself is known to be wrong already, and may stop the parser.
    return [];
  }
}
