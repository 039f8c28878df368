import type { z } from 'zod';
import { type Duration, durationOr } from '../../base/duration.js';
import { isObject, type JsonObject, type JsonValue, valueAt } from '../../base/json.js';
import { type Problem, pathText } from '../../base/problems.js';
import { hintFor } from '../../run/field-names.js';
import type { OnStop } from '../../run/input.js';
import { toNotifySpecs } from '../../run/notify.js';
import { runRules } from '../../run/schema.js';
import { schemaProblems } from '../../run/schema-problems.js';
import { looksLikeClock } from '../../schedule/index.js';
import { isTemplate } from '../../templates/engine.js';
import type { OnFailure, RetryDefinition } from './definition.js';
import { httpRules } from './http-schema.js';
import { mostItems, tooManyItems } from './items.js';
import {
  type BaseFields,
  type baseSchema,
  type Header,
  isBaseField,
  isKindField,
  KIND_FIELDS,
  stepIdSchema,
} from './schema.js';
import type { RetrySpec, StepKind, StepSpec } from './spec.js';
import { waitRules } from './wait-schema.js';

const DAY_MS = 86_400_000;

/** A sound step: what any step may have, and what it runs, which may hold templates still. */
export interface SoundStep {
  kind: StepKind;
  base: BaseFields;
  body: JsonObject;
}

/** One step of a list as far as it can be read alone. */
export interface ReadStep {
  /** Null where it does not say what to run. */
  raw: JsonObject | null;
  /** Null where it has problems. */
  sound: SoundStep | null;
  problems: Problem[];
}

/** Reads one step by the schema of its kind. */
export function readStep(
  raw: JsonValue,
  path: string,
  schemas: { steps: Record<StepKind, z.ZodObject>; base: ReturnType<typeof baseSchema> },
): ReadStep {
  if (!isObject(raw)) return unclear(path, 'must be an object such as {"projectId": "..."}');
  const kinds = Object.keys(KIND_FIELDS)
    .filter(isKindField)
    .filter((field) => raw[field] !== undefined);
  const [field] = kinds;
  const wanted = Object.keys(KIND_FIELDS).join(', ');
  if (field === undefined) {
    const close = Object.keys(raw).map((key) => hintFor(key, Object.keys(KIND_FIELDS)));
    const hint = close.find((text) => text !== '') ?? '';
    return unclear(path, `does not say what to run: give it one of ${wanted}${hint}`);
  }
  if (kinds.length > 1) {
    const both = kinds.join(' and ');
    return unclear(path, `runs one thing only, but has ${both}: make it ${kinds.length} steps`);
  }
  const kind = KIND_FIELDS[field];
  const found = schemaProblems(raw, path, schemas.steps[kind], (at) => isUnfilled(raw, at));
  const problems = [...found, ...kindProblems(kind, raw, path, found.length === 0)];
  if (problems.length > 0) return { raw, sound: null, problems };
  const body = Object.fromEntries(Object.entries(raw).filter(([name]) => !isBaseField(name)));
  return { raw, sound: { kind, base: schemas.base.parse(raw), body }, problems };
}

function unclear(path: string, message: string): ReadStep {
  return { raw: null, sound: null, problems: [{ path, message }] };
}

/** Whether a field holds a template: it can only be judged when that has been filled in. */
function isUnfilled(raw: JsonObject, field: readonly PropertyKey[]): boolean {
  const value = isBaseField(field[0]) ? undefined : valueAt(raw, field);
  return typeof value === 'string' && isTemplate(value);
}

/** Problems between the fields of a step of this kind; `sound`: each of them is fine by itself. */
export function kindProblems(kind: StepKind, raw: JsonObject, path: string, sound: boolean): Problem[] {
  if (kind === 'hex' && sound)
    return runRules(raw).map(({ field, message }) => ({ path: pathText(path, [field]), message }));
  const inside = kind === 'http' ? httpRules(raw.http) : kind === 'waitFor' ? waitRules(raw.waitFor) : [];
  if (inside.length > 0) return inside.map((one) => ({ ...one, path: pathText(path, [kind, ...one.path]) }));
  const { workflow } = raw;
  const both = isObject(workflow) && workflow.input !== undefined && workflow.args !== undefined;
  if (kind !== 'workflow' || !both) return [];
  const message = 'takes input or args, not both: leave one out';
  return [{ path: pathText(path, ['workflow']), message }];
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
    (step.approval ? 'approval' : step.http ? 'http' : step.waitFor ? 'wait' : null);
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

/** The defaults that the header of a definition gives its steps. */
export function stepDefaults({
  onFailure = 'stop',
  cancelSiblings = false,
  onCancel,
  onTimeout,
}: Header): StepDefaults {
  return {
    onFailure,
    cancelSiblings,
    run: { ...(onCancel && { onCancel }), ...(onTimeout && { onTimeout }) },
  };
}

/** A step with its defaults. */
export function toStepSpec(
  { kind, base, body }: SoundStep,
  id: string,
  dependsOn: string[],
  defaults: StepDefaults,
): StepSpec {
  const onFailure = base.onFailure ?? defaults.onFailure;
  return {
    id,
    kind,
    dependsOn,
    triggerRule: base.triggerRule ?? 'all_success',
    when: base.when ?? true,
    onFailure,
    cancelSiblings: base.cancelSiblings ?? (onFailure === 'stop' && defaults.cancelSiblings),
    decisionWithinMs: durationOr(base.decisionWithin, DAY_MS),
    forEach: base.forEach ?? null,
    window: base.window ?? null,
    retry: toRetrySpec(base.retry, kind),
    ...toDeadline(base.deadline),
    notify: toNotifySpecs(base.notify),
    body: kind === 'hex' ? { ...defaults.run, ...body } : body,
  };
}

/** A deadline is a length of time, or a time of day. */
export function toDeadline(given: Duration | undefined): Pick<StepSpec, 'deadlineMs' | 'deadlineAt'> {
  const isClock = typeof given === 'string' && looksLikeClock(given);
  return { deadlineMs: isClock ? null : durationOr(given, null), deadlineAt: isClock ? given : null };
}

function toRetrySpec(retry: RetryDefinition | undefined, kind: StepKind): RetrySpec {
  return {
    maxAttempts: retry?.maxAttempts ?? 1,
    on: retry?.on ?? (kind === 'hex' ? ['UNABLE_TO_ALLOCATE_KERNEL'] : ['FAILED']),
    delayMs: retry?.delay === undefined ? null : durationOr(retry.delay, 0),
    backoff: retry?.backoff ?? 2,
    maxDelayMs: durationOr(retry?.maxDelay, Math.max(1_800_000, durationOr(retry?.delay, 0))),
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
  const kind = raw.approval === undefined ? 'hex' : 'approval';
  if (Array.isArray(forEach) && forEach.length > mostItems(kind))
    return [{ path: `${path}.forEach`, message: tooManyItems(kind, forEach.length) }];
  return [];
}
