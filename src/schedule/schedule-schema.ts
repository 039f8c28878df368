import { z } from 'zod';
import { durationSchema } from '../run/schema.js';
import { OVERLAPS } from './definition.js';

const calendarValue = () =>
  z.union([
    z.number(),
    z.string(),
    z.strictObject({
      start: z.union([z.number(), z.string()]),
      end: z.union([z.number(), z.string()]).optional(),
      step: z.int().min(1).optional(),
    }),
  ]);

const calendarField = () =>
  z
    .union([calendarValue(), z.array(calendarValue()).min(1)], {
      error:
        'must be a number, a name, "*", text such as "9-17/2", a range {start, end, step}, or a list of these',
    })
    .optional();

/** The schema of one calendar of a schedule. */
export const calendarSchema = () =>
  z.strictObject({
    second: calendarField(),
    minute: calendarField(),
    hour: calendarField(),
    dayOfMonth: calendarField(),
    month: calendarField(),
    year: calendarField(),
    dayOfWeek: calendarField(),
    comment: z.string().optional(),
  });

const oneOf = (
  values: readonly [string, ...string[]],
  also: (value: unknown) => string | null = () => null,
) => z.enum(values, { error: ({ input }) => also(input) ?? `must be one of ${values.join(', ')}` });

const flag = () => z.boolean({ error: 'must be true or false' }).optional();

const bound = () => z.string({ error: 'must be text: a date such as "2026-12-01", or a time' }).optional();

/** The schema of the `schedule:` section of a pipeline. */
export const scheduleSchema = () =>
  z.strictObject({
    cron: z
      .union(
        [
          z.string(),
          z
            .array(z.string())
            .min(1, 'must hold at least one cron expression')
            .max(100, 'must hold 100 cron expressions at most'),
        ],
        {
          error: 'must be a cron expression such as "30 2 * * *", or a list of them',
        },
      )
      .optional(),
    every: durationSchema(1_000).optional(),
    offset: durationSchema(0).optional(),
    calendars: z
      .array(calendarSchema(), { error: 'must be a list of calendars such as [{"hour": 2, "minute": 30}]' })
      .min(1, 'must hold at least one calendar')
      .max(100, 'must hold 100 calendars at most')
      .optional(),
    overlap: oneOf(OVERLAPS, otherOverlap).optional(),
    catchup: durationSchema(10_000).optional(),
    jitter: durationSchema(0).optional(),
    start: bound(),
    end: bound(),
    paused: flag(),
    pauseOnFailure: flag(),
    params: z
      .record(z.string(), z.json(), { error: 'must be an object: parameter name to value' })
      .optional(),
    partition: oneOf(['start', 'end']).optional(),
    onMissed: oneOf(['report', 'run']).optional(),
    lateAfter: durationSchema(1_000).optional(),
  });

/** The names that Temporal uses itself, and the one policy that cannot keep a promise of ours. */
function otherOverlap(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const name = value
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
  if (name === 'terminate_other')
    return '"terminate_other" is refused: a terminated pipeline cannot cancel what it started, so its runs would go on in Hex; use cancel_other, which cancels them there too';
  if (name === value || !(OVERLAPS as readonly string[]).includes(name)) return null;
  return `"${value}" must be written "${name}"`;
}
