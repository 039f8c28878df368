/** Reads the input of `hexPipeline`. Lives behind boundary.ts: everything exported here is a function. */
import { z } from 'zod';
import { durationOr } from '../../base/duration.js';
import { isObject, type JsonObject, type JsonValue, jsonSize } from '../../base/json.js';
import { type Parsed, type Problem, pathText } from '../../base/problems.js';
import { SIZES } from '../../base/sizes.js';
import { didYouMean } from '../../base/suggest.js';
import { toNotifySpecs } from '../../run/notify.js';
import { ifExistsSchema, timezoneSchema } from '../../run/schema.js';
import { readFields, readObject } from '../../run/schema-problems.js';
import { parseSchedule, type ScheduleSpec } from '../../schedule/index.js';
import { hasTemplates } from '../../templates/values.js';
import type { SensorSpec } from '../sensor/definition.js';
import { readSensor } from '../sensor/read-on.js';
import { defaultTemplateProblems, keyTemplateProblems, stepTemplateProblems } from './check-templates.js';
import type { PipelineDefinition } from './definition.js';
import { graphProblems } from './graph.js';
import { defaultProblem } from './params.js';
import {
  choiceProblems,
  fanOutProblems,
  kindProblems,
  type ReadStep,
  readStep,
  type SoundStep,
  type StepDefaults,
  stepDefaults,
  stepIds,
  toDeadline,
  toStepSpec,
} from './parse-step.js';
import { inputProblems, type Projects } from './project-inputs.js';
import {
  baseSchema,
  type Header,
  headerFields,
  paramDefinitionSchema,
  pipelineNameSchema,
  stepSchemas,
  type WorkFields,
  workSchemas,
} from './schema.js';
import type { PipelineRequest, PipelineSpec, StepKind } from './spec.js';
import { timezoneProblem } from './timezone.js';
import { TRIGGER_KINDS } from './trigger-kind.js';

/** A definition inside a step is read by {@link parseDefinition}, for the sake of its messages. */
const nested = z.custom<PipelineDefinition>((value) => isObject(value));

const instantSchema = () =>
  z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time such as 2026-11-23T06:00:00Z' });

const schemas = {
  // A schedule and a sensor are read by their own parsers, for the sake of their messages.
  header: z.strictObject(headerFields(z.unknown(), z.unknown())),
  param: paramDefinitionSchema().strip(),
  base: baseSchema(),
  steps: stepSchemas(nested),
  work: workSchemas(nested),
  name: pipelineNameSchema(),
  request: z.strictObject({
    params: z
      .record(z.string(), z.json(), { error: 'must be an object: parameter name to value' })
      .optional(),
    scheduledTime: instantSchema().optional(),
    key: z.string({ error: 'must be text' }).optional(),
    ifExists: ifExistsSchema().optional(),
    timezone: timezoneSchema().optional(),
    interval: z
      .strictObject(
        { start: instantSchema(), end: instantSchema() },
        {
          error: 'must be an object such as {"start": "2026-11-22T06:00:00Z", "end": "2026-11-23T06:00:00Z"}',
        },
      )
      .optional(),
    partition: z.string({ error: 'must be text' }).min(1, 'must not be empty').optional(),
    trigger: z.enum(TRIGGER_KINDS, { error: `must be one of ${TRIGGER_KINDS.join(', ')}` }).optional(),
    rerunOf: z.strictObject({ workflowId: z.string(), runId: z.string() }).optional(),
    reuse: z
      .record(z.string(), z.strictObject({ result: z.json(), complete: z.boolean().optional() }))
      .optional(),
  }),
};

const EXPECTED =
  'the input must be a pipeline such as {"steps": [{"projectId": "..."}]}, a list of steps, or {"pipeline": <definition or name>, "params": {...}}';

/** Reads the input of `hexPipeline` in any of its forms; every problem at once. */
export function readPipelineInput(raw: JsonValue): Parsed<PipelineRequest> {
  if (Array.isArray(raw)) return requestFor({ steps: raw }, '');
  if (!isObject(raw)) return failed('', `${EXPECTED}; got ${shown(raw)}`);
  if (raw.steps !== undefined) return requestFor(raw, '');
  if (raw.pipeline === undefined) return failed('', `${EXPECTED}; "steps" is missing${hintFor(raw)}`);
  const { pipeline, ...others } = raw;
  const { fields, problems } = readFields(others, '', schemas.request);
  const result = requestFor(pipeline, 'pipeline', fields);
  if (problems.length === 0) return result;
  return { ok: false, problems: result.ok ? problems : [...problems, ...result.problems] };
}

/** Reads a definition, such as the content of a pipeline file; a bare list of steps is one too. */
export function readDefinition(raw: JsonValue, path = ''): Parsed<PipelineSpec> {
  const definition = Array.isArray(raw) ? { steps: raw } : raw;
  const size = jsonSize(definition);
  if (size > SIZES.definitionBytes)
    return failed(
      path,
      `is ${size} bytes long, and ${SIZES.definitionBytes} are allowed: cut it into sub-pipelines`,
    );
  return parseDefinition(definition, path, 1);
}

function requestFor(
  pipeline: JsonValue,
  path: string,
  fields: z.output<typeof schemas.request> = {},
): Parsed<PipelineRequest> {
  const request = {
    params: fields.params ?? {},
    key: fields.key ?? null,
    ifExists: fields.ifExists ?? null,
    scheduledTime: fields.scheduledTime ?? null,
    timezone: fields.timezone ?? null,
    interval: fields.interval ?? null,
    partition: fields.partition ?? null,
    trigger: fields.trigger ?? null,
    rerunOf: fields.rerunOf ?? null,
    reuse: fields.reuse ?? {},
  };
  if (typeof pipeline === 'string') {
    const name = schemas.name.safeParse(pipeline);
    if (!name.success) return failed(path, name.error.issues[0]?.message ?? 'is no name');
    return { ok: true, value: { ...request, name: pipeline, spec: null, load: pipeline } };
  }
  const spec = readDefinition(pipeline, path);
  if (!spec.ok) return spec;
  const wrong = timezoneProblem(spec.value.timezone, request.timezone);
  return wrong
    ? { ok: false, problems: [wrong] }
    : { ok: true, value: { ...request, name: spec.value.name, spec: spec.value, load: null } };
}

function parseDefinition(
  raw: JsonValue,
  path: string,
  depth: number,
  above: Projects = {},
): Parsed<PipelineSpec> {
  if (!isObject(raw))
    return failed(
      path,
      `must be a definition such as {"steps": [...]}, or the name of one; got ${shown(raw)}`,
    );
  if (depth > SIZES.nesting)
    return failed(
      path,
      `is nested more than ${SIZES.nesting} deep: give the inner pipeline a file and name it`,
    );
  const { steps: rawSteps, ...others } = raw;
  const rawHeader = withoutExtensions(others);
  const { fields: header, problems } = readFields(rawHeader, path, schemas.header);
  const stepsPath = pathText(path, ['steps']);
  const count = Array.isArray(rawSteps) ? rawSteps.length : 0;
  if (!Array.isArray(rawSteps) || count === 0)
    problems.push({ path: stepsPath, message: 'must be a list with at least one step' });
  else if (count > SIZES.steps)
    problems.push({
      path: stepsPath,
      message: `has ${count} steps, and ${SIZES.steps} are allowed: cut it into sub-pipelines`,
    });
  const projects = { ...above, ...header.projects };
  const rawList = Array.isArray(rawSteps) && count <= SIZES.steps ? rawSteps : [];
  const read = rawList.map((step, index) => readStep(step, `${stepsPath}[${index}]`, schemas));
  problems.push(...read.flatMap((step) => step.problems));
  const schedule = readSchedule(rawHeader, path, depth, problems);
  const on = readOn(rawHeader, header.params ?? {}, path, depth, problems);
  problems.push(
    ...headerProblems(rawHeader, path),
    ...stepListProblems(read, stepDefaults(header), stepsPath, depth, projects),
  );
  if (problems.length > 0) return { ok: false, problems };

  const sound = read.flatMap((step) => step.sound ?? []);
  const spec = { ...toSpec(header, sound, stepIds(rawList)), projects, schedule, on };
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
function withoutExtensions(header: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(header).filter(([name]) => !name.startsWith('x-')));
}

/** Problems between the fields of a header, and of the defaults of its parameters. */
function headerProblems(header: JsonObject, path: string): Problem[] {
  const problems = choiceProblems(header, stepDefaults({}), path);
  const { params } = header;
  for (const [name, definition] of Object.entries(isObject(params) ? params : {})) {
    const param = schemas.param.safeParse(definition);
    const wrong = param.success ? defaultProblem(param.data) : null;
    if (wrong) problems.push({ path: pathText(path, ['params', name, 'default']), message: wrong });
  }
  return problems;
}

/** The schedule in the zone of the pipeline; null where there is none. What is wrong with it is added to `problems`. */
function readSchedule(
  { schedule, timezone, params = {} }: Record<string, unknown>,
  path: string,
  depth: number,
  problems: Problem[],
): ScheduleSpec | null {
  if (schedule === undefined) return null;
  const at = pathText(path, ['schedule']);
  if (depth > 1) {
    problems.push({
      path: at,
      message: 'belongs to a pipeline with a file of its own: this one is started by its step',
    });
    return null;
  }
  const inZone = pathText(path, ['timezone']);
  if (problems.some((problem) => problem.path === inZone)) return null;
  const read = parseSchedule(schedule, { path: at, ...(typeof timezone === 'string' && { timezone }) });
  if (!read.ok) {
    problems.push(...read.problems.map((one) => (one.path === 'timezone' ? { ...one, path: inZone } : one)));
    return null;
  }
  const declared = isObject(params) ? Object.keys(params) : [];
  for (const [name, value] of Object.entries(read.value.params)) {
    const message = !declared.includes(name)
      ? `the pipeline has no such parameter${didYouMean(name, declared)}`
      : hasTemplates(value)
        ? 'is sent as it is, so its template would never be filled in: make it the default of the parameter'
        : null;
    if (message) problems.push({ path: pathText(at, ['params', name]), message });
  }
  return read.value;
}

/** The section `on`; null where there is none. What is wrong with it is added to `problems`. */
function readOn(
  { on }: JsonObject,
  params: NonNullable<Header['params']>,
  path: string,
  depth: number,
  problems: Problem[],
): SensorSpec | null {
  if (on === undefined) return null;
  const at = pathText(path, ['on']);
  const message = 'belongs to a pipeline with a file of its own: this one is started by its step';
  const read =
    depth > 1 ? { ok: false as const, problems: [{ path: at, message }] } : readSensor(on, at, params);
  if (read.ok) return read.value;
  problems.push(...read.problems);
  return null;
}

/** Problems between the steps of a list, and inside the definitions that steps hold. */
function stepListProblems(
  read: readonly ReadStep[],
  defaults: StepDefaults,
  path: string,
  depth: number,
  projects: Projects,
): Problem[] {
  const problems: Problem[] = [];
  const firstAt = new Map<string, number>();
  for (const [index, { raw }] of read.entries()) {
    if (raw === null) continue;
    const at = `${path}[${index}]`;
    const { id, pipeline } = raw;
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
      ...fanOutProblems(raw, at),
      ...choiceProblems(raw, defaults, at),
      ...inputProblems(raw, projects, false, at),
    );
    if (isObject(pipeline)) {
      const inner = parseDefinition(pipeline, `${at}.pipeline`, depth + 1, projects);
      if (!inner.ok) problems.push(...inner.problems);
    }
  }
  return problems;
}

function toSpec(
  header: Header,
  sound: readonly SoundStep[],
  ids: readonly string[],
): Omit<PipelineSpec, 'projects' | 'schedule' | 'on'> {
  const defaults = stepDefaults(header);
  const sequence = sound.every(({ base }) => base.dependsOn === undefined);
  const steps = sound.map((step, index) => {
    const previous = index > 0 ? [ids[index - 1] ?? ''] : [];
    const wanted = sequence ? previous : (step.base.dependsOn ?? []);
    return toStepSpec(step, ids[index] ?? '', typeof wanted === 'string' ? [wanted] : wanted, defaults);
  });
  return {
    name: header.name ?? 'pipeline',
    description: header.description ?? null,
    owner: header.owner ?? null,
    tags: [...new Set(header.tags)],
    params: header.params ?? {},
    timezone: header.timezone ?? null,
    key: header.key ?? null,
    ifExists: header.ifExists ?? null,
    maxParallel: header.maxParallel ?? null,
    timeoutMs: durationOr(header.timeout, null),
    freshWithinMs: durationOr(header.freshWithin, null),
    ...toDeadline(header.deadline),
    notify: toNotifySpecs(header.notify),
    steps,
  };
}

/** Reads what a step runs, its templates filled in, for a pipeline that knows these projects. */
export function readFilled<Kind extends StepKind>(
  kind: Kind,
  fields: JsonObject,
  projects: Projects,
): Parsed<WorkFields<Kind>> {
  const read = readObject(fields, '', schemas.work[kind]);
  const problems = [...(read.ok ? [] : read.problems), ...kindProblems(kind, fields, '', read.ok)];
  const found = problems.length > 0 ? problems : inputProblems(fields, projects, true);
  return found.length > 0 ? { ok: false, problems: found } : read;
}

function failed(path: string, message: string): { ok: false; problems: Problem[] } {
  return { ok: false, problems: [{ path, message }] };
}

function hintFor(raw: JsonObject): string {
  const hints = Object.keys(raw).map((key) => didYouMean(key, ['steps', 'pipeline']));
  return hints.find((hint) => hint !== '') ?? '';
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 60) ?? typeof value);
}
