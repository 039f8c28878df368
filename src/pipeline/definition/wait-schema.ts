import { z } from 'zod';
import { durationMs } from '../../base/duration.js';
import { isObject, type JsonObject, type JsonValue } from '../../base/json.js';
import { connectionSchema, durationSchema, idSchema } from '../../run/schema.js';

/** How the run that is waited for may have ended. */
export const WAIT_STATUSES = ['completed', 'failed', 'any'] as const;
export type WaitStatus = (typeof WAIT_STATUSES)[number];

/** Hex's statuses of a run that has ended so. */
export const ENDED_AS: Readonly<Record<WaitStatus, readonly string[]>> = {
  completed: ['COMPLETED'],
  failed: ['ERRORED', 'KILLED', 'UNABLE_TO_ALLOCATE_KERNEL'],
  any: ['COMPLETED', 'ERRORED', 'KILLED', 'UNABLE_TO_ALLOCATE_KERNEL'],
};

/** Defaults in ms, for the schema and for what becomes of it. */
export const WAIT_DEFAULTS = { everyMs: 30_000, withinMs: 86_400_000 } as const;

/** A pause in the milliseconds would be an attack. */
const SHORTEST_PAUSE_MS = 100;

/** What may be waited for, and the fields that only it has. */
const SUBJECTS = {
  projectId: ['status', 'newerThan', 'connection'],
  pipeline: ['partition'],
  workflow: [],
} as const satisfies Record<string, readonly string[]>;

/** What a `waitFor` step waits for, with its templates filled in. */
export const waitForSchema = () =>
  z.strictObject(
    {
      projectId: idSchema('the id of a Hex project').optional(),
      status: z.enum(WAIT_STATUSES, { error: `must be one of ${WAIT_STATUSES.join(', ')}` }).optional(),
      newerThan: z.iso
        .datetime({
          offset: true,
          error: 'must be an ISO 8601 time such as 2026-11-23T06:00:00Z, or "{{ run.interval.start }}"',
        })
        .optional(),
      connection: connectionSchema().optional(),
      pipeline: z
        .string({ error: 'must be the name of a pipeline' })
        .min(1, 'must not be empty')
        .max(128)
        .optional(),
      partition: z
        .string({ error: 'must be text such as "2026-01-31", or "{{ run.partition }}"' })
        .min(1, 'must not be empty')
        .optional(),
      workflow: z.string({ error: 'must be the id of a workflow' }).min(1, 'must not be empty').optional(),
      every: durationSchema(SHORTEST_PAUSE_MS).optional(),
      within: durationSchema().optional(),
    },
    {
      error: ({ code }) =>
        code === 'invalid_type'
          ? 'must be an object such as {"projectId": "...", "within": "2h"}'
          : undefined,
    },
  );

export type WaitFields = z.output<ReturnType<typeof waitForSchema>>;

/** Rules between the fields of a wait; each problem with the path inside of it. */
export function waitRules(wait: JsonValue | undefined): { path: string[]; message: string }[] {
  if (!isObject(wait)) return [];
  const names = Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[];
  const given = names.filter((name) => wait[name] !== undefined);
  const [subject] = given;
  if (given.length !== 1 || subject === undefined) {
    const has =
      given.length === 0
        ? 'does not say what for'
        : `waits for one thing only, but has ${given.join(' and ')}`;
    return [{ path: [], message: `${has}: give it one of ${names.join(', ')}` }];
  }
  const problems = foreignFields(wait, subject);
  if (subject === 'pipeline' && wait.partition === undefined)
    problems.push({
      path: ['partition'],
      message: 'is required: the partition of that pipeline, such as "{{ run.partition }}"',
    });
  const [everyMs, withinMs] = [
    msOf(wait.every, WAIT_DEFAULTS.everyMs),
    msOf(wait.within, WAIT_DEFAULTS.withinMs),
  ];
  if (wait.every !== undefined && everyMs !== null && withinMs !== null && everyMs > withinMs)
    problems.push({ path: ['every'], message: 'is longer than "within": make it shorter' });
  return problems;
}

function foreignFields(
  wait: JsonObject,
  subject: keyof typeof SUBJECTS,
): { path: string[]; message: string }[] {
  return Object.entries(SUBJECTS).flatMap(([of, fields]) =>
    of === subject
      ? []
      : fields
          .filter((field) => wait[field] !== undefined)
          .map((field) => ({ path: [field], message: `goes with ${of} only: leave it out` })),
  );
}

/** Null of a template. */
function msOf(value: JsonValue | undefined, otherwise: number): number | null {
  if (value === undefined) return otherwise;
  return typeof value === 'string' || typeof value === 'number' ? durationMs(value) : null;
}
