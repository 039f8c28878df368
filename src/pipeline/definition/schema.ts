import { z } from 'zod';
import {
  durationSchema,
  idSchema,
  ifExistsSchema,
  notifySchema,
  onStopSchema,
  runFields,
  timezoneSchema,
} from '../../run/schema.js';
import { clockProblem, looksLikeClock } from '../../schedule/index.js';
import { scheduleSchema } from '../../schedule/schedule-schema.js';
import { sensorSchema } from '../sensor/schema.js';
import type { PipelineDefinition } from './definition.js';
import { httpSchema } from './http-schema.js';
import type { StepKind } from './spec.js';
import { TRIGGER_RULES } from './trigger-rules.js';
import { waitForSchema } from './wait-schema.js';

/** The field that says what a step runs. */
export const KIND_FIELDS = {
  projectId: 'hex',
  pipeline: 'pipeline',
  workflow: 'workflow',
  approval: 'approval',
  http: 'http',
  waitFor: 'waitFor',
} as const satisfies Record<string, StepKind>;

export function isKindField(name: string): name is keyof typeof KIND_FIELDS {
  return Object.hasOwn(KIND_FIELDS, name);
}

const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

/** Id of a step. Only digits are refused: JSON objects do not keep the order of such keys. */
export const stepIdSchema = () =>
  z
    .string({ error: 'must be text' })
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "-" or "_"')
    .regex(/\D/, 'must not be a number only: put a letter before it')
    .refine((id) => id !== '__proto__', 'cannot be an id: JavaScript has a use of its own for it');

const retrySchema = () =>
  z.strictObject({
    maxAttempts: z.int('must be a whole number').min(2, 'must be 2 or more').max(20, 'must be 20 or less'),
    on: z
      .array(oneOf(['UNABLE_TO_ALLOCATE_KERNEL', 'ERRORED', 'KILLED', 'TIMED_OUT', 'FAILED']))
      .min(1, 'must name at least one ending')
      .optional(),
    delay: durationSchema(0).optional(),
    backoff: z.number().min(1, 'must be from 1 to 10').max(10, 'must be from 1 to 10').optional(),
    maxDelay: durationSchema(0).optional(),
  });

/** A length of time, or a time of day. */
const deadlineSchema = () => {
  const length = durationSchema();
  return z
    .union([z.number(), z.string()], {
      error: 'must be a duration such as "2h", or a time of day such as "07:00"',
    })
    .superRefine((value, context) => {
      const isClock = typeof value === 'string' && looksLikeClock(value);
      const problem = isClock ? clockProblem(value) : length.safeParse(value).error?.issues[0]?.message;
      if (problem) context.addIssue(problem);
    });
};

const baseFields = () => ({
  id: stepIdSchema().optional(),
  dependsOn: z
    .union([z.string(), z.array(z.string())], { error: 'must be the id of a step, or a list of ids' })
    .optional(),
  triggerRule: oneOf(TRIGGER_RULES).optional(),
  when: z
    .union([z.boolean(), z.string()], {
      error: 'must be true, false, or a template such as "{{ params.full }}"',
    })
    .optional(),
  onFailure: onFailureSchema().optional(),
  cancelSiblings: cancelSiblingsSchema().optional(),
  decisionWithin: durationSchema().optional(),
  forEach: z
    .union([z.array(z.json()), z.string()], {
      error: 'must be a list, or a template that gives one, such as "{{ params.regions }}"',
    })
    .optional(),
  window: z.int('must be a whole number').min(1, 'must be 1 or more').optional(),
  retry: retrySchema().optional(),
  deadline: deadlineSchema().optional(),
  notify: notifySchema(['success', 'failure', 'cancelled', 'waiting', 'deadline', 'at_risk']).optional(),
});

export const onFailureSchema = () => oneOf(['stop', 'continue', 'pause']);

const cancelSiblingsSchema = () => z.boolean({ error: 'must be true or false' });

const paramsSchema = () =>
  z.record(z.string(), z.json(), { error: 'must be an object: parameter name to value' });

/** What a step of each kind runs. `nested` is the schema of a definition inside a step. */
export function workSchemas<Nested extends z.ZodType>(nested: Nested) {
  return {
    hex: z.strictObject({ ...runFields(), skipIfFresh: durationSchema().optional() }),
    pipeline: z.strictObject({
      pipeline: z.union([pipelineNameSchema(), nested], {
        error: 'must be a definition, or the name of one in the folder of pipelines',
      }),
      params: paramsSchema().optional(),
      timeout: durationSchema().optional(),
    }),
    workflow: z.strictObject({
      workflow: z.strictObject(
        {
          type: z.string({ error: 'is required: the workflow type' }).min(1, 'must not be empty'),
          taskQueue: z.string().min(1, 'must not be empty').optional(),
          input: z.json().optional(),
          args: z.array(z.json(), { error: 'must be a list of arguments' }).optional(),
        },
        {
          error: (issue) =>
            issue.code === 'invalid_type' ? 'must be an object such as {"type": "..."}' : undefined,
        },
      ),
      timeout: durationSchema().optional(),
    }),
    approval: z.strictObject({
      approval: z.strictObject(
        {
          prompt: z.string({ error: 'is required: what is asked' }).min(1, 'must not be empty').max(2_000),
          within: durationSchema().optional(),
          onTimeout: oneOf(['reject', 'approve']).optional(),
        },
        {
          error: (issue) =>
            issue.code === 'invalid_type' ? 'must be an object such as {"prompt": "..."}' : undefined,
        },
      ),
    }),
    http: z.strictObject({ http: httpSchema() }),
    waitFor: z.strictObject({ waitFor: waitForSchema() }),
  };
}

/** The fields of a step's kind, with all templates filled in. */
export type WorkFields<Kind extends StepKind> = z.output<
  ReturnType<typeof workSchemas<z.ZodType<PipelineDefinition>>>[Kind]
>;

/** All fields of a step of each kind. */
export function stepSchemas(nested: z.ZodType): Record<StepKind, z.ZodObject> {
  const { hex, pipeline, workflow, approval, http, waitFor } = workSchemas(nested);
  return {
    hex: z.strictObject({ ...baseFields(), ...hex.shape }),
    pipeline: z.strictObject({ ...baseFields(), ...pipeline.shape }),
    workflow: z.strictObject({ ...baseFields(), ...workflow.shape }),
    approval: z.strictObject({ ...baseFields(), ...approval.shape }),
    http: z.strictObject({ ...baseFields(), ...http.shape }),
    waitFor: z.strictObject({ ...baseFields(), ...waitFor.shape }),
  };
}

/** The fields that any step may have, taken from among the others. They are no templates but `when` and `forEach`. */
export const baseSchema = () => z.object(baseFields());

export type BaseFields = z.output<ReturnType<typeof baseSchema>>;

const BASE_FIELDS = new Set<unknown>(Object.keys(baseFields()));

/** Whether any step may have the field; the others are what it runs. */
export function isBaseField(name: PropertyKey | undefined): boolean {
  return BASE_FIELDS.has(name);
}

/** Name of a definition in the worker's folder: one safe file name without its ending. */
export const pipelineNameSchema = () =>
  z
    .string({ error: 'must be the name of a pipeline' })
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/,
      'must be the name of a pipeline: letters, digits, "-" and "_", without folder or file ending',
    );

const typeSchema = () => oneOf(['string', 'number', 'integer', 'boolean', 'array', 'object', 'date']);

const inputDefinitionSchema = () =>
  z.strictObject({
    type: typeSchema(),
    enum: z.array(z.json()).min(1, 'must list at least one value').optional(),
    required: z.boolean({ error: 'must be true or false' }).optional(),
    description: z.string().optional(),
  });

const projectSchema = () =>
  z.strictObject(
    {
      inputs: z.record(
        z.string().min(1, 'must not be empty'),
        z.union([typeSchema(), inputDefinitionSchema()], {
          error:
            'must be a type such as "date", or an object such as {"type": "string", "enum": ["emea"], "required": true}',
        }),
        { error: 'is required: an object, input name to its type' },
      ),
    },
    {
      error: ({ code }) =>
        code === 'unrecognized_keys' ? undefined : 'must be an object such as {"inputs": {"date": "date"}}',
    },
  );

export const paramDefinitionSchema = () =>
  z.strictObject({
    type: typeSchema(),
    default: z.json().optional(),
    description: z.string().optional(),
    enum: z.array(z.json()).min(1, 'must list at least one value').optional(),
  });

export type Header = z.output<z.ZodObject<ReturnType<typeof headerFields>>>;

/** All of a definition but its steps. */
export const headerFields = (schedule: z.ZodType = scheduleSchema(), on: z.ZodType = sensorSchema()) => ({
  $schema: z.string().optional(),
  name: z
    .string({ error: 'must be text' })
    .regex(
      /^[^\s\p{Cc}][^\p{Cc}]{0,127}$/u,
      'must be 1 to 128 characters in one line, and begin without white space',
    )
    .optional(),
  description: z.string({ error: 'must be text' }).max(4_000, 'must be 4,000 characters or less').optional(),
  owner: z
    .string({ error: 'must be text: a team or a person' })
    .regex(/^[^\s\p{Cc}][^\p{Cc}]{0,127}$/u, 'must be 1 to 128 characters')
    .optional(),
  tags: z
    .array(
      z
        .string({ error: 'must be text' })
        .regex(/^[^\s\p{Cc}][^\p{Cc}]{0,63}$/u, 'must be 1 to 64 characters'),
      { error: 'must be a list of words such as ["finance", "daily"]' },
    )
    .max(20, 'must have 20 tags or less')
    .optional(),
  params: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a parameter name is letters, digits and "_"'),
      paramDefinitionSchema(),
      {
        error: (issue) =>
          issue.code === 'invalid_type'
            ? 'must be an object: parameter name to {"type", "default"}'
            : undefined,
      },
    )
    .optional(),
  projects: z
    .record(idSchema('the id of a Hex project'), projectSchema(), {
      error: ({ code }) =>
        code === 'invalid_type' ? 'must be an object: project id to {"inputs": {"date": "date"}}' : undefined,
    })
    .optional(),
  timezone: timezoneSchema().optional(),
  schedule: schedule.optional(),
  on: on.optional(),
  key: z.string({ error: 'must be text' }).optional(),
  ifExists: ifExistsSchema().optional(),
  maxParallel: z.int('must be a whole number').min(1, 'must be 1 or more').optional(),
  timeout: durationSchema().optional(),
  freshWithin: durationSchema().optional(),
  deadline: deadlineSchema().optional(),
  onFailure: onFailureSchema().optional(),
  cancelSiblings: cancelSiblingsSchema().optional(),
  onCancel: onStopSchema().optional(),
  onTimeout: onStopSchema().optional(),
  notify: notifySchema([
    'success',
    'failure',
    'cancelled',
    'deadline',
    'at_risk',
    'waiting',
    'missed',
    'late',
    'filled',
    'stale',
    'fresh',
  ]).optional(),
});

/** The whole definition as one schema: for JSON Schema. The parser takes it apart for better messages. */
export function pipelineSchema(): z.ZodType {
  const definition: z.ZodType = z.lazy(() =>
    z.strictObject({
      ...headerFields(),
      steps: z.array(z.union(Object.values(stepSchemas(definition)))).min(1),
    }),
  );
  return definition;
}
