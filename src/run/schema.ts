import { z } from 'zod';
import { type Duration, durationMs, durationOr, durationProblem } from '../base/duration.js';
import { isObject } from '../base/json.js';
import { isLenient } from '../base/leniency.js';
import { isTimeZone } from '../templates/filters.js';
import type { HexRunInput, PollInput, RunSpec } from './input.js';
import { keyProblem, LONE_IF_EXISTS } from './key.js';
import { runNotificationSchema } from './notification.js';
import { type NotifyEvent, toNotifySpecs } from './notify.js';
import { DEFAULT_POLL } from './poll-interval.js';

/** Hex's API needs a longest wait that a Temporal timer can hold and a person can mean: a year. */
const LONGEST_MS = 365 * 86_400_000;
const DEFAULT_TIMEOUT = '1h';
/** The time limit goes by how long earlier runs took. */
export const AUTO_TIMEOUT = 'auto';
/** Reads that earlier runs have put off are no further apart, where `poll.max` says nothing. */
const LONGEST_LEARNED_MS = 300_000;

/** A length of time in a definition, at least `minMs`; or this word. */
export const durationSchema = (minMs = 1, word?: string) =>
  z
    .union([z.number(), z.string()], {
      error: `must be a duration: text such as "30s", "10m", "1h"${orWord(word)}`,
    })
    .superRefine((value: Duration, context) => {
      if (value === word) return;
      const ms = durationMs(value);
      const problem = ms !== null && isLenient() ? null : durationProblem(value);
      if (problem !== null) context.addIssue(typeof value === 'string' ? problem + orWord(word) : problem);
      else if (ms === null || ms < minMs || ms > LONGEST_MS)
        context.addIssue(`"${value}" is out of range: from ${minMs} ms to 365 days`);
    });

const orWord = (word: string | undefined) => (word === undefined ? '' : `, or "${word}"`);

/** The name of a time zone. */
export const timezoneSchema = () =>
  z.string({ error: 'must be text' }).refine(isTimeZone, {
    error: ({ input }) => `"${input}" is not a time zone: write an IANA name such as "Europe/Berlin"`,
  });

/** What to do with a run that nothing waits for any more. */
export const onStopSchema = () => z.enum(['cancel', 'leave'], { error: 'must be one of cancel, leave' });

/** A business key without templates. */
export const keySchema = () =>
  z.string({ error: 'must be text' }).superRefine((key, context) => {
    const wrong = keyProblem(key);
    if (wrong) context.addIssue(wrong);
  });

/** What a start does when its key is in use. */
export const ifExistsSchema = () =>
  z.enum(['run', 'skip', 'fail', 'join'], { error: 'must be one of run, skip, fail, join' });

/** A Hex id as one safe path segment. */
export const idSchema = (what: string) =>
  z
    .string({ error: `is required: ${what}, as text` })
    .regex(/^[A-Za-z0-9_-]{1,128}$/, `must be ${what}: 1 to 128 letters, digits, "-" or "_"`);

/** The name of a connection. Never a URL: a starter could send the token anywhere. */
export const connectionSchema = () =>
  z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,62}$/,
      'must be the name of a connection: lower-case letters, digits and "-" (connections live in the worker\'s environment; a URL is not accepted)',
    );

/** A webhook, and which of these events it gets. */
export const notifySchema = <const Events extends readonly [NotifyEvent, ...NotifyEvent[]]>(events: Events) =>
  z.array(
    z.strictObject({
      to: z
        .string({ error: 'is required: the name of a webhook' })
        .regex(
          /^[a-z0-9][a-z0-9-]{0,62}$/,
          'must be the name of a webhook: lower-case letters, digits and "-" (its URL is in the worker\'s environment)',
        ),
      on: z
        .array(z.enum(events, { error: `must be one of ${events.join(', ')}` }))
        .min(1, 'must name at least one event')
        .optional(),
    }),
    { error: 'must be a list such as [{"to": "ops", "on": ["failure"]}]' },
  );

/** The fields of a run, shared by `hexRun` and by the steps of a pipeline. A function: see boundary.ts. */
export const runFields = () => ({
  projectId: idSchema('the id of a Hex project'),
  inputParams: z
    .record(z.string(), z.json(), { error: 'must be an object: input parameter name to JSON value' })
    .optional(),
  viewId: idSchema('the id of a saved view').optional(),
  updateCache: z.boolean().optional(),
  useCachedSqlResults: z.boolean().optional(),
  notifications: z.array(runNotificationSchema()).optional(),
  killRunning: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  timeout: durationSchema(1, AUTO_TIMEOUT).optional(),
  pendingTimeout: durationSchema().optional(),
  onCancel: onStopSchema().optional(),
  onTimeout: onStopSchema().optional(),
  queueTimeout: durationSchema().optional(),
  triggerRetryDelay: durationSchema().optional(),
  poll: z
    .strictObject({
      min: durationSchema().optional(),
      max: durationSchema().optional(),
      factor: z.number().min(0, 'must be from 0 to 1').max(1, 'must be from 0 to 1').optional(),
      first: durationSchema(0).optional(),
      perHistory: z.int().min(1).max(1_000, 'must be from 1 to 1000').optional(),
      learn: z.boolean({ error: 'must be true or false' }).optional(),
    })
    .superRefine((poll, context) => {
      const { minMs, maxMs } = pollOf(poll);
      if (minMs > maxMs) context.addIssue(`min (${minMs} ms) is longer than max (${maxMs} ms): swap them`);
    })
    .optional(),
  connection: connectionSchema().optional(),
  onAmbiguous: z.enum(['fail', 'adopt-newest']).optional(),
  lateStartGrace: durationSchema(0).optional(),
  requestTimeout: durationSchema().optional(),
  cleanupTimeout: durationSchema().optional(),
  exclusive: z.boolean().optional(),
  priority: z.enum(['scheduled', 'backfill', 'retry']).optional(),
  fairnessKey: z.string().min(1, 'must not be empty').max(200, 'must be at most 200 characters').optional(),
  key: keySchema().optional(),
  ifExists: ifExistsSchema().optional(),
});

/** Rules between the fields of a run: the field, and what to do. */
export function runRules(run: Record<string, unknown>): { field: string; message: string }[] {
  const broken: { field: string; message: string }[] = [];
  const inputs = hasInputs(run);
  if (inputs && run.viewId !== undefined)
    broken.push({
      field: 'viewId',
      message: 'Hex takes inputParams or viewId, not both: leave one out',
    });
  if (run.updateCache === true && (inputs || run.viewId !== undefined))
    broken.push({
      field: 'updateCache',
      message:
        'true would make Hex ignore the inputs: leave out updateCache, or leave out inputParams and viewId',
    });
  const { pendingTimeout, timeout = DEFAULT_TIMEOUT } = run;
  const isAuto = timeout === AUTO_TIMEOUT;
  if (msOf(pendingTimeout) >= msOf(isAuto ? DEFAULT_TIMEOUT : timeout)) {
    const of = run.timeout === undefined ? ', the default' : isAuto ? `: at first ${DEFAULT_TIMEOUT}` : '';
    broken.push({
      field: 'pendingTimeout',
      message: `"${pendingTimeout}" can never pass before "timeout" ("${timeout}"${of}) ends the run: make it shorter, or "timeout" longer`,
    });
  }
  if (isAuto && isObject(run.poll) && run.poll.learn === false)
    broken.push({
      field: 'timeout',
      message: `"${AUTO_TIMEOUT}" goes by earlier runs, and poll.learn: false says not to: leave out poll.learn, or give a time such as "${DEFAULT_TIMEOUT}"`,
    });
  if (run.ifExists !== undefined && run.key === undefined)
    broken.push({ field: 'ifExists', message: LONE_IF_EXISTS });
  return broken;
}

/** The schema of {@link HexRunInput}. A function: see boundary.ts. */
export const runInputSchema = (): z.ZodType<HexRunInput> =>
  z
    .strictObject(
      {
        ...runFields(),
        timezone: timezoneSchema().optional(),
        notify: notifySchema(['success', 'failure', 'cancelled']).optional(),
      },
      { error: expectedObject },
    )
    .superRefine((run, context) => {
      for (const { field, message } of runRules(run))
        context.addIssue({ code: 'custom', path: [field], message });
    }) as z.ZodType<HexRunInput>;

/** Fills in the defaults of a checked input. */
export function toRunSpec(input: HexRunInput): RunSpec {
  const { updateCache, timeout, pendingTimeout, queueTimeout, ...others } = input;
  const { triggerRetryDelay, poll, notify, timezone, key, ifExists = 'run', ...more } = others;
  const { lateStartGrace, requestTimeout, cleanupTimeout, ...rest } = more;
  const inputs = hasInputs(input);
  const isAuto = timeout === AUTO_TIMEOUT;
  const spec: RunSpec = {
    ...rest,
    updatePublishedResults: updateCache ?? (!inputs && input.viewId === undefined),
    killRunning: input.killRunning ?? false,
    dryRun: input.dryRun ?? false,
    timeoutMs: durationOr(isAuto ? DEFAULT_TIMEOUT : (timeout ?? DEFAULT_TIMEOUT), 0),
    queueTimeoutMs: durationOr(queueTimeout, 86_400_000),
    poll: pollOf(poll ?? {}),
    connection: input.connection ?? 'default',
    onAmbiguous: input.onAmbiguous ?? 'fail',
    lateStartGraceMs: durationOr(lateStartGrace, 15_000),
    requestTimeoutMs: durationOr(requestTimeout, 30_000),
    cleanupTimeoutMs: durationOr(cleanupTimeout, 86_400_000),
    exclusive: input.exclusive ?? false,
    priority: input.priority ?? 'scheduled',
  };
  if (isAuto) spec.autoTimeout = true;
  if (notify?.length) spec.notify = toNotifySpecs(notify);
  if (pendingTimeout !== undefined) spec.pendingTimeoutMs = durationOr(pendingTimeout, 0);
  if (triggerRetryDelay !== undefined) spec.triggerRetryDelayMs = durationOr(triggerRetryDelay, 0);
  if (!inputs) delete spec.inputParams;
  if (key !== undefined) spec.key = { text: key, ifExists };
  return spec;
}

function hasInputs(run: { inputParams?: unknown }): boolean {
  return typeof run.inputParams === 'object' && Object.keys(run.inputParams ?? {}).length > 0;
}

function pollOf(poll: PollInput): RunSpec['poll'] {
  const minMs = durationOr(poll.min, DEFAULT_POLL.minMs);
  return {
    minMs,
    maxMs: durationOr(poll.max, Math.max(minMs, DEFAULT_POLL.maxMs)),
    factor: poll.factor ?? DEFAULT_POLL.factor,
    firstMs: durationOr(poll.first, Math.ceil(minMs / 2)),
    perHistory: poll.perHistory ?? 300,
    ...((poll.learn ?? true) && { learnedMaxMs: durationOr(poll.max, Math.max(minMs, LONGEST_LEARNED_MS)) }),
  };
}

/** Milliseconds of a field as it was written; NaN, which compares with nothing, where it is none, or a template. */
function msOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string'
    ? (durationMs(value) ?? Number.NaN)
    : Number.NaN;
}

function expectedObject(issue: { code?: string; input?: unknown }): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  const got = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input)?.slice(0, 60);
  return `the input must be one JSON object such as {"projectId": "..."}; got ${got}`;
}
