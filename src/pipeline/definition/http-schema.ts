import { z } from 'zod';
import { durationMs } from '../../base/duration.js';
import { isObject, type JsonValue } from '../../base/json.js';
import { durationSchema } from '../../run/schema.js';
import { HTTP_METHODS, type HttpMethod, isRepeatable, takesBody } from './http-method.js';

/** Defaults in ms, for the schema and for what becomes of it. */
export const HTTP_DEFAULTS = { timeoutMs: 30_000, everyMs: 30_000, withinMs: 3_600_000 } as const;

/** A request is one activity, which a worker that was killed holds up for as long. */
const LONGEST_REQUEST_MS = 600_000;
/** A pause in the milliseconds would be an attack. */
const SHORTEST_PAUSE_MS = 100;

/** Headers that the request itself sets. */
const OURS = ['host', 'content-length', 'connection', 'transfer-encoding', 'expect', 'te', 'upgrade'];
/** Headers whose value is a secret, which must not be in a history. */
const SECRET = ['authorization', 'proxy-authorization', 'cookie'];

/** The variables that a header may name. */
const SECRET_VARIABLE = /^HEX_HTTP_SECRET_[A-Z0-9_]*[A-Z0-9](?<!_FILE)$/;

const STATUS = 'must be a status such as 200, a class such as "2xx", or a list of these';

const statusSchema = () =>
  z.union([z.int(STATUS).min(100, STATUS).max(599, STATUS), z.string().regex(/^[1-5]xx$/i, STATUS)], {
    error: STATUS,
  });

const HEADER =
  'must be text of one line, or {"env": "HEX_HTTP_SECRET_..."}: a variable of the worker\'s environment that begins so, in capitals';

const headerSchema = () =>
  z.union(
    [
      z.string().regex(/^[\t\x20-\x7e]*$/, HEADER),
      z.strictObject({ env: z.string({ error: HEADER }).regex(SECRET_VARIABLE, HEADER) }),
    ],
    { error: HEADER },
  );

/** The request of an `http` step, with its templates filled in. */
export const httpSchema = () =>
  z.strictObject(
    {
      url: z
        .string({ error: 'is required: an address such as https://api.example.com/health' })
        .superRefine((url, context) => {
          const wrong = addressProblem(url);
          if (wrong) context.addIssue(wrong);
        }),
      method: z.enum(HTTP_METHODS, { error: `must be one of ${HTTP_METHODS.join(', ')}` }).optional(),
      headers: z
        .record(
          z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is not the name of a header'),
          headerSchema(),
          {
            error: ({ code }) =>
              code === 'invalid_type' ? 'must be an object: header name to its value' : undefined,
          },
        )
        .optional(),
      body: z.json().optional(),
      expect: z
        .strictObject({
          status: z
            .union([statusSchema(), z.array(statusSchema()).min(1, STATUS)], { error: STATUS })
            .optional(),
          json: z.json().optional(),
        })
        .optional(),
      poll: z
        .strictObject({
          every: durationSchema(SHORTEST_PAUSE_MS).optional(),
          within: durationSchema().optional(),
        })
        .optional(),
      idempotent: z.boolean({ error: 'must be true or false' }).optional(),
      timeout: durationSchema()
        .refine((value) => (durationMs(value) ?? 0) <= LONGEST_REQUEST_MS, 'must be ten minutes or less')
        .optional(),
    },
    {
      error: ({ code }) =>
        code === 'invalid_type'
          ? 'must be an object such as {"url": "https://api.example.com/health"}'
          : undefined,
    },
  );

export type HttpFields = z.output<ReturnType<typeof httpSchema>>;

/** What is wrong with an address, or null. */
function addressProblem(text: string): string | null {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    return 'must be a web address such as https://api.example.com/health';
  const { username, password, hash } = new URL(text);
  if (username || password)
    return 'must have no user or password in it: put them into a header, by {"env": "HEX_HTTP_SECRET_..."}';
  return hash ? 'must have no "#": leave out what follows it' : null;
}

/** Rules between the fields of a request; each problem with the path inside of it. Values that are templates are not judged. */
export function httpRules(http: JsonValue | undefined): { path: string[]; message: string }[] {
  if (!isObject(http)) return [];
  const { method = 'GET', headers, body, poll, idempotent } = http;
  const problems: { path: string[]; message: string }[] = [];
  for (const [name, value] of Object.entries(isObject(headers) ? headers : {})) {
    const path = ['headers', name];
    if (OURS.includes(name.toLowerCase()))
      problems.push({ path, message: 'is set by the request itself: leave it out' });
    else if (SECRET.includes(name.toLowerCase()) && typeof value === 'string')
      problems.push({
        path,
        message:
          'is a secret, which the history would show: write {"env": "HEX_HTTP_SECRET_..."}, and set that variable on the worker',
      });
  }
  const known = HTTP_METHODS.find((one) => one === method);
  if (!known) return problems;
  if (body !== undefined && body !== null && !takesBody(known))
    problems.push({ path: ['body'], message: `is not sent with ${known}: leave it out, or use POST or PUT` });
  if (poll !== undefined && !isRepeatable(known) && idempotent !== true)
    problems.push({ path: ['poll'], message: pollProblem(known) });
  const { every, within } = isObject(poll) ? poll : {};
  const [everyMs, withinMs] = [msOf(every, HTTP_DEFAULTS.everyMs), msOf(within, HTTP_DEFAULTS.withinMs)];
  if (everyMs !== null && withinMs !== null && everyMs > withinMs)
    problems.push({ path: ['poll', 'every'], message: 'is longer than "within": make it shorter' });
  return problems;
}

function pollProblem(method: HttpMethod): string {
  return `would send the ${method} again and again: use GET, or say "idempotent": true where the receiver takes each only once`;
}

/** Null of a template. */
function msOf(value: JsonValue | undefined, otherwise: number): number | null {
  if (value === undefined) return otherwise;
  return typeof value === 'string' || typeof value === 'number' ? durationMs(value) : null;
}
