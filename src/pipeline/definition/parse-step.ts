import type { z } from 'zod';
import { type Duration, durationMs } from '../../base/duration.js';
import { isObject, type JsonValue, valueAt } from '../../base/json.js';
import { type Problem, pathText } from '../../base/problems.js';
import { hintFor } from '../../run/field-names.js';
import type { OnStop } from '../../run/input.js';
import { type NotifyDefinition, type StepNotifyEvent, toNotifySpecs } from '../../run/notify.js';
import { runRules } from '../../run/schema.js';
import { schemaProblems } from '../../run/schema-problems.js';
import { isTemplate } from '../../templates/engine.js';
import type { OnFailure, RetryDefinition } from './definition.js';
import { KIND_FIELDS, stepIdSchema } from './schema.js';
import { LIMITS, type RetrySpec, type StepKind, type StepSpec } from './spec.js';
import type { TriggerRule } from './trigger-rules.js';

/** Fields that any step may have; the others are what it runs. */
const BASE_FIELDS = [
  ...(['id', 'dependsOn', 'triggerRule', 'when', 'onFailure', 'decisionWithin', 'forEach'] as const),
  ...(['window', 'retry', 'notify', 'cancelSiblings'] as const),
];

const DAY_MS = 86_400_000;

/** One step of a list as far as it can be read alone. */
export interface ReadStep {
  kind: StepKind;
  raw: Record<string, unknown>;
  problems: Problem[];
}

/** Checks one step against the schema of its kind. */
export function readStep(
  raw: unknown,
  path: string,
  schemas: Record<StepKind, z.ZodObject>,
): ReadStep | Problem {
  if (!isObject(raw)) return { path, message: `must be an object such as {"projectId": "..."}` };
  const kinds = Object.keys(KIND_FIELDS).filter((field) => raw[field] !== undefined);
  const [field] = kinds as (keyof typeof KIND_FIELDS)[];
  const wanted = Object.keys(KIND_FIELDS).join(', ');
  if (field === undefined) {
    const close = Object.keys(raw).map((key) => hintFor(key, Object.keys(KIND_FIELDS)));
    const hint = close.find((text) => text !== '') ?? '';
    return { path, message: `does not say what to run: give it one of ${wanted}${hint}` };
  }
  if (kinds.length > 1)
    return {
      path,
      message: `runs one thing only, but has ${kinds.join(' and ')}: make it ${kinds.length} steps`,
    };
  const kind = KIND_FIELDS[field];
  return { kind, raw, problems: fieldProblems(raw, path, schemas[kind], kind, false) };
}

/** Problems of fields against a schema; a field that is a template can only be judged when it has been filled in. */
export function fieldProblems(
  raw: Record<string, unknown>,
  path: string,
  schema: z.ZodObject,
  kind: StepKind | null,
  rendered: boolean,
): Problem[] {
  const problems = schemaProblems(raw, path, schema, (field) => {
    if (rendered || (BASE_FIELDS as readonly unknown[]).includes(field[0])) return false;
    const value = valueAt(raw, field);
    return typeof value === 'string' && isTemplate(value);
  });
  if (kind === 'hex' && problems.length === 0)
    for (const { field, message } of runRules(raw)) problems.push({ path: pathText(path, [field]), message });
  if (kind === 'workflow' && valueAt(raw, ['workflow', 'input']) !== undefined)
    if (valueAt(raw, ['workflow', 'args']) !== undefined)
      problems.push({
        path: pathText(path, ['workflow']),
        message: 'takes input or args, not both: leave one out',
      });
  return problems;
}

/** Ids of all steps: the given ones, and for the others what they run, numbered where it comes again. */
export function stepIds(steps: readonly unknown[]): string[] {
  const given = steps.map((step) => (isObject(step) && typeof step.id === 'string' ? step.id : null));
  const taken = new Set(given);
  return steps.map((step, index) => {
    const id = given[index];
    if (id) return id;
    const base = derivedId(step) ?? `step-${index + 1}`;
    let free = base;
    for (let number = 2; taken.has(free); number++) free = `${base.slice(0, 60)}-${number}`;
    taken.add(free);
    return free;
  });
}

function derivedId(step: unknown): string | null {
  if (!isObject(step)) return null;
  const candidate =
    step.projectId ??
    (isObject(step.pipeline) ? step.pipeline.name : step.pipeline) ??
    valueAt(step, ['workflow', 'type']) ??
    (step.approval ? 'approval' : null);
  if (typeof candidate !== 'string') return null;
  const id = candidate.slice(0, 64);
  return stepIdSchema().safeParse(id).success ? id : null;
}

/** What a definition says for all its steps. */
export interface StepDefaults {
  onFailure: OnFailure;
  cancelSiblings: boolean;
  /** For steps that run a Hex project. */
  run: { onCancel?: OnStop; onTimeout?: OnStop };
}

/** The defaults that the header of a definition gives its steps; the header has been checked. */
export function stepDefaults(header: Record<string, unknown>): StepDefaults {
  const {
    onFailure = 'stop',
    cancelSiblings = false,
    onCancel,
    onTimeout,
  } = header as Partial<StepDefaults> & StepDefaults['run'];
  return {
    onFailure,
    cancelSiblings,
    run: { ...(onCancel && { onCancel }), ...(onTimeout && { onTimeout }) },
  };
}

/** A checked step with its defaults. */
export function toStepSpec(
  { kind, raw }: ReadStep,
  id: string,
  dependsOn: string[],
  defaults: StepDefaults,
): StepSpec {
  const body = Object.fromEntries(
    Object.entries(raw).filter(([key]) => !(BASE_FIELDS as readonly string[]).includes(key)),
  ) as Record<string, JsonValue>;
  const onFailure = (raw.onFailure as OnFailure | undefined) ?? defaults.onFailure;
  return {
    id,
    kind,
    dependsOn,
    triggerRule: (raw.triggerRule as TriggerRule | undefined) ?? 'all_success',
    when: (raw.when as boolean | string | undefined) ?? true,
    onFailure,
    cancelSiblings:
      (raw.cancelSiblings as boolean | undefined) ?? (onFailure === 'stop' && defaults.cancelSiblings),
    decisionWithinMs: ms(raw.decisionWithin as Duration | undefined, DAY_MS),
    forEach: (raw.forEach as JsonValue[] | string | undefined) ?? null,
    window: (raw.window as number | undefined) ?? null,
    retry: toRetrySpec(raw.retry as RetryDefinition | undefined, kind),
    notify: toNotifySpecs(raw.notify as NotifyDefinition<StepNotifyEvent>[] | undefined),
    body: kind === 'hex' ? { ...defaults.run, ...body } : body,
  };
}

function toRetrySpec(retry: RetryDefinition | undefined, kind: StepKind): RetrySpec {
  return {
    maxAttempts: retry?.maxAttempts ?? 1,
    on: retry?.on ?? (kind === 'hex' ? ['UNABLE_TO_ALLOCATE_KERNEL'] : ['FAILED']),
    delayMs: retry?.delay === undefined ? null : ms(retry.delay, 0),
    backoff: retry?.backoff ?? 2,
    maxDelayMs: ms(retry?.maxDelay, Math.max(1_800_000, ms(retry?.delay, 0))),
  };
}

/** Choices of a step, or of the header for all of them, that rule each other out. */
export function choiceProblems(
  raw: Record<string, unknown>,
  defaults: StepDefaults,
  path: string,
): Problem[] {
  const problems: Problem[] = [];
  const onFailure = raw.onFailure ?? defaults.onFailure;
  if (raw.cancelSiblings === true && onFailure !== 'stop')
    problems.push({
      path: pathText(path, ['cancelSiblings']),
      message: `goes with onFailure: stop only, and here it is ${onFailure}: leave one of them out`,
    });
  const retry = isObject(raw.retry) && Array.isArray(raw.retry.on) ? raw.retry.on : [];
  if ((raw.onTimeout ?? defaults.run.onTimeout) === 'leave' && retry.includes('TIMED_OUT'))
    problems.push({
      path: pathText(path, ['retry', 'on']),
      message:
        'must not have TIMED_OUT with onTimeout: leave, for the run that was left would get a second one beside it: leave one of them out',
    });
  return problems;
}

/** Problems that concern the fan-out. */
export function fanOutProblems(raw: Record<string, unknown>, path: string): Problem[] {
  const { forEach, window } = raw;
  if (forEach === undefined)
    return window === undefined ? [] : [{ path: `${path}.window`, message: 'needs forEach: leave it out' }];
  if (typeof forEach === 'string' && !isTemplate(forEach))
    return [
      {
        path: `${path}.forEach`,
        message: `must be a list or a template that gives one, such as "{{ ${forEach} }}"`,
      },
    ];
  if (Array.isArray(forEach) && forEach.length > LIMITS.items)
    return [{ path: `${path}.forEach`, message: tooManyItems(forEach.length) }];
  return [];
}

export function tooManyItems(count: number): string {
  return `has ${count} items, and a fan-out may have ${LIMITS.items}: cut the list into parts, each a sub-pipeline`;
}

function ms(value: Duration | undefined, otherwise: number): number {
  return value === undefined ? otherwise : (durationMs(value) ?? otherwise);
}
