import { z } from 'zod';
import { type RunNotification, runNotificationSchema } from '../run/notification.js';
import { HexInvalidRequestError } from './errors/index.js';
import { scrub } from './token.js';

/** The body of a run start. Anything else is refused before it is sent. */
export interface RunProjectRequest {
  /** Values of inputs of the published app, by name; any JSON. Not together with `viewId`; leave it out rather than null. */
  inputParams?: Record<string, unknown>;
  /** Id of a saved view whose inputs are used. */
  viewId?: string;
  /** Check the request and start nothing. Hex's default: false. */
  dryRun?: boolean;
  /** Publish the results in the app; Hex ignores inputs then. Hex's default: false. */
  updatePublishedResults?: boolean;
  /** Let Hex answer SQL from its cache. Hex's default: true. */
  useCachedSqlResults?: boolean;
  /** Messages that Hex sends when the run is over. Default: none. */
  notifications?: RunNotification[];
}

const runRequest = z
  .strictObject({
    inputParams: z
      .record(z.string(), z.json(), { error: 'must be an object of JSON values; Hex refuses null' })
      .optional(),
    viewId: z.string().min(1).optional(),
    dryRun: z.boolean().optional(),
    updatePublishedResults: z.boolean().optional(),
    useCachedSqlResults: z.boolean().optional(),
    notifications: z.array(runNotificationSchema()).optional(),
  })
  .refine(({ inputParams, viewId }) => inputParams === undefined || viewId === undefined, {
    path: ['viewId'],
    error: 'Hex takes inputParams or viewId, not both',
  });

const runQuery = z.strictObject({
  limit: z.int().min(1).max(100).optional(),
  offset: z.int().min(0).optional(),
  status: z.string().min(1).optional(),
  trigger: z.enum(['API', 'SCHEDULED', 'APP_REFRESH', 'ALL']).optional(),
});

/** @throws HexInvalidRequestError before anything is sent */
export function checkRunRequest(request: RunProjectRequest): void {
  check('run request', runRequest, request);
}

/** @throws HexInvalidRequestError before anything is sent */
export function checkRunQuery(query: unknown): void {
  check('run list query', runQuery, query);
}

function check(what: string, schema: z.ZodType, value: unknown): void {
  const parsed = schema.safeParse(value);
  if (parsed.success) return;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw new HexInvalidRequestError({
    message: `The ${what} is not one that Hex takes: ${scrub(problems.join('; '))}`,
    hint: 'Mend the request; nothing was sent.',
    requestSent: 'no',
    outcome: 'not-done',
  });
}
