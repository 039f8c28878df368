/** Reads the input of `hexPipeline`. Lives behind boundary.ts: everything exported here is a function. */
import { z } from 'zod';
import { type Duration, durationMs } from '../../base/duration.js';
import { isObject, type JsonValue, jsonSize } from '../../base/json.js';
import { type Parsed, type Problem, pathText } from '../../base/problems.js';
import { didYouMean } from '../../base/suggest.js';
import type { IfExists } from '../../run/key.js';
import { type NotifyDefinition, toNotifySpecs } from '../../run/notify.js';
import { ifExistsSchema, timezoneSchema } from '../../run/schema.js';
import { defaultTemplateProblems, keyTemplateProblems, stepTemplateProblems } from './check-templates.js';
import type { ParamDefinition, ReusedStep } from './definition.js';
import { graphProblems } from './graph.js';
import { defaultProblem } from './params.js';
import {
  choiceProblems,
  fanOutProblems,
  fieldProblems,
  type ReadStep,
  readStep,
  type StepDefaults,
  stepDefaults,
  stepIds,
  toStepSpec,
} from './parse-step.js';
import { inputProblems, type Projects } from './project-inputs.js';
import { headerFields, pipelineNameSchema, stepSchemas } from './schema.js';
import { LIMITS, type PipelineRequest, type PipelineSpec, type StepKind } from './spec.js';
import { timezoneProblem } from './timezone.js';

const schemas = {
  header: z.strictObject(headerFields()),
  // A definition inside a step is read by parseDefinition, for the sake of its messages.
  steps: stepSchemas(z.custom(isObject)),
  name: pipelineNameSchema(),
  request: z.strictObject({
    pipeline: z.unknown(),
    params: z
      .record(z.string(), z.json(), { error: 'must be an object: parameter name to value' })
      .optional(),
    scheduledTime: z.iso
      .datetime({ offset: true, error: 'must be an ISO 8601 time such as 2026-11-23T06:00:00Z' })
      .optional(),
    key: z.string({ error: 'must be text' }).optional(),
    ifExists: ifExistsSchema().optional(),
    timezone: timezoneSchema().optional(),
    rerunOf: z.strictObject({ workflowId: z.string(), runId: z.string() }).optional(),
    reuse: z
      .record(z.string(), z.strictObject({ result: z.json(), complete: z.boolean().optional() }))
      .optional(),
  }),
};

const EXPECTED =
  'the input must be a pipeline such as {"steps": [{"projectId": "..."}]}, a list of steps, or {"pipeline": <definition or name>, "params": {...}}';

/** Reads the input of `hexPipeline` in any of its forms; every problem at once. */
export function readPipelineInput(raw: unknown): Parsed<PipelineRequest> {
  if (Array.isArray(raw)) return requestFor({ pipeline: { steps: raw } }, '');
  if (!isObject(raw)) return failed('', `${EXPECTED}; got ${shown(raw)}`);
  if (raw.steps !== undefined) return requestFor({ pipeline: raw }, '');
  if (raw.pipeline === undefined) return failed('', `${EXPECTED}; "steps" is missing${hintFor(raw)}`);
  const problems = fieldProblems(raw, '', schemas.request, null, true);
  const { pipeline, ...rest } = raw;
  const result = requestFor(
    { ...rest, pipeline: Array.isArray(pipeline) ? { steps: pipeline } : pipeline },
    'pipeline',
  );
  if (problems.length === 0) return result;
  return { ok: false, problems: result.ok ? problems : [...problems, ...result.problems] };
}

/** Reads a definition, such as the content of a pipeline file; a bare list of steps is one too. */
export function readDefinition(raw: unknown, path = ''): Parsed<PipelineSpec> {
  const definition = Array.isArray(raw) ? { steps: raw } : raw;
  const size = jsonSize(definition);
  if (size > LIMITS.definitionBytes)
    return failed(
      path,
      `is ${size} bytes long, and ${LIMITS.definitionBytes} are allowed: cut it into sub-pipelines`,
    );
  return parseDefinition(definition, path, 1);
}

function requestFor(raw: Record<string, unknown>, path: string): Parsed<PipelineRequest> {
  const request = {
    params: (raw.params as Record<string, JsonValue> | undefined) ?? {},
    key: (raw.key as string | undefined) ?? null,
    ifExists: (raw.ifExists as IfExists | undefined) ?? null,
    scheduledTime: (raw.scheduledTime as string | undefined) ?? null,
    timezone: (raw.timezone as string | undefined) ?? null,
    rerunOf: (raw.rerunOf as PipelineRequest['rerunOf'] | undefined) ?? null,
    reuse: (raw.reuse as Record<string, ReusedStep> | undefined) ?? {},
  };
  if (typeof raw.pipeline === 'string') {
    const name = schemas.name.safeParse(raw.pipeline);
    if (!name.success) return failed(path, name.error.issues[0]?.message ?? 'is no name');
    return { ok: true, value: { ...request, name: raw.pipeline, spec: null, load: raw.pipeline } };
  }
  const spec = readDefinition(raw.pipeline, path);
  if (!spec.ok) return spec;
  const wrong = timezoneProblem(spec.value.timezone, request.timezone);
  return wrong
    ? { ok: false, problems: [wrong] }
    : { ok: true, value: { ...request, name: spec.value.name, spec: spec.value, load: null } };
}

function parseDefinition(
  raw: unknown,
  path: string,
  depth: number,
  above: Projects = {},
): Parsed<PipelineSpec> {
  if (!isObject(raw))
    return failed(
      path,
      `must be a definition such as {"steps": [...]}, or the name of one; got ${shown(raw)}`,
    );
  if (depth > LIMITS.nesting)
    return failed(
      path,
      `is nested more than ${LIMITS.nesting} deep: give the inner pipeline a file and name it`,
    );
  const { steps: rawSteps, ...others } = raw;
  const header = withoutExtensions(others);
  const problems = fieldProblems(header, path, schemas.header, null, true);
  const stepsPath = pathText(path, ['steps']);
  const count = Array.isArray(rawSteps) ? rawSteps.length : 0;
  if (!Array.isArray(rawSteps) || count === 0)
    problems.push({ path: stepsPath, message: 'must be a list with at least one step' });
  else if (count > LIMITS.steps)
    problems.push({
      path: stepsPath,
      message: `has ${count} steps, and ${LIMITS.steps} are allowed: cut it into sub-pipelines`,
    });
  const sound = problems.every((problem) => !problem.path.startsWith(pathText(path, ['projects'])));
  const projects = { ...above, ...(sound && (header.projects as Projects | undefined)) };
  const rawList = Array.isArray(rawSteps) && count <= LIMITS.steps ? rawSteps : [];
  const read = rawList.map((step, index) => readStep(step, `${stepsPath}[${index}]`, schemas.steps));
  problems.push(...read.flatMap((one) => ('message' in one ? [one] : one.problems)));
  const defaults = stepDefaults(header);
  problems.push(
    ...headerProblems(header, path),
    ...stepListProblems(read, defaults, stepsPath, depth, projects),
  );
  if (problems.length > 0) return { ok: false, problems };

  const spec = { ...toSpec(header, rawList, read as ReadStep[]), projects };
  const graph = graphProblems(spec.steps, stepsPath);
  const templates = [
    ...defaultTemplateProblems(spec.params, pathText(path, ['params'])),
    ...keyTemplateProblems(spec, pathText(path, ['key'])),
    ...(graph.length > 0 ? [] : stepTemplateProblems(spec.steps, spec.params, stepsPath)),
  ];
  const found = [...graph, ...templates];
  return found.length > 0 ? { ok: false, problems: found } : { ok: true, value: spec };
}

/** Names that begin with `x-` hold anchors for the rest of the file, and mean nothing here. */
function withoutExtensions(header: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(header).filter(([name]) => !name.startsWith('x-')));
}

function headerProblems(header: Record<string, unknown>, path: string): Problem[] {
  const problems: Problem[] = [];
  const { params } = header;
  problems.push(...choiceProblems(header, stepDefaults({}), path));
  for (const [name, definition] of Object.entries(isObject(params) ? params : {})) {
    const wrong = isObject(definition) ? defaultProblem(definition as unknown as ParamDefinition) : null;
    if (wrong) problems.push({ path: pathText(path, ['params', name, 'default']), message: wrong });
  }
  return problems;
}

/** Problems between the steps of a list, and inside the definitions that steps hold. */
function stepListProblems(
  read: readonly (ReadStep | Problem)[],
  defaults: StepDefaults,
  path: string,
  depth: number,
  projects: Projects,
): Problem[] {
  const problems: Problem[] = [];
  const firstAt = new Map<string, number>();
  for (const [index, step] of read.entries()) {
    if ('message' in step) continue;
    const at = `${path}[${index}]`;
    const { id, pipeline } = step.raw;
    if (typeof id === 'string') {
      const first = firstAt.get(id);
      if (first !== undefined)
        problems.push({
          path: `${at}.id`,
          message: `"${id}" is the id of ${path}[${first}] already: every step needs its own`,
        });
      else firstAt.set(id, index);
    }
    problems.push(
      ...fanOutProblems(step.raw, at),
      ...choiceProblems(step.raw, defaults, at),
      ...inputProblems(step.raw, projects, false, at),
    );
    if (isObject(pipeline)) {
      const inner = parseDefinition(pipeline, `${at}.pipeline`, depth + 1, projects);
      if (!inner.ok) problems.push(...inner.problems);
    }
  }
  return problems;
}

/** The header and steps have been checked. */
function toSpec(
  header: Record<string, unknown>,
  rawSteps: unknown[],
  read: readonly ReadStep[],
): Omit<PipelineSpec, 'projects'> {
  const defaults = stepDefaults(header);
  const ids = stepIds(rawSteps);
  const sequence = read.every(({ raw }) => raw.dependsOn === undefined);
  const steps = read.map((step, index) => {
    const { dependsOn } = step.raw as { dependsOn?: string | string[] };
    const previous = index > 0 ? [ids[index - 1] ?? ''] : [];
    const wanted = sequence ? previous : (dependsOn ?? []);
    return toStepSpec(step, ids[index] ?? '', typeof wanted === 'string' ? [wanted] : wanted, defaults);
  });
  return {
    name: (header.name as string | undefined) ?? 'pipeline',
    description: (header.description as string | undefined) ?? null,
    params: (header.params as Record<string, ParamDefinition> | undefined) ?? {},
    timezone: (header.timezone as string | undefined) ?? null,
    key: (header.key as string | undefined) ?? null,
    ifExists: (header.ifExists as IfExists | undefined) ?? null,
    maxParallel: (header.maxParallel as number | undefined) ?? null,
    timeoutMs: ms(header.timeout as Duration | undefined),
    deadlineMs: ms(header.deadline as Duration | undefined),
    notify: toNotifySpecs(header.notify as NotifyDefinition[] | undefined),
    steps,
  };
}

/** What is wrong with the rendered fields of a step of a pipeline that knows these projects. */
export function renderedProblems(
  kind: StepKind,
  fields: Record<string, JsonValue>,
  projects: Projects,
): Problem[] {
  const problems = fieldProblems(fields, '', schemas.steps[kind], kind, true);
  return problems.length > 0 ? problems : inputProblems(fields, projects, true);
}

function ms(value: Duration | undefined): number | null {
  return value === undefined ? null : durationMs(value);
}

function failed(path: string, message: string): { ok: false; problems: Problem[] } {
  return { ok: false, problems: [{ path, message }] };
}

function hintFor(raw: Record<string, unknown>): string {
  const hints = Object.keys(raw).map((key) => didYouMean(key, ['steps', 'pipeline']));
  return hints.find((hint) => hint !== '') ?? '';
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 60) ?? typeof value);
}
