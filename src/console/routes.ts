import {
  isGrpcServiceError,
  ScheduleNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isObject } from '../base/json.js';
import { BackfillError } from '../client/backfills/errors.js';
import { ControlRefusedError } from '../client/controls.js';
import { ScheduleError } from '../client/schedules/errors.js';
import { SensorError } from '../client/sensors/errors.js';
import { InvalidInputError } from '../client.js';
import { RerunError } from '../executions/rerun/history.js';
import { version } from '../version.js';
import { performAction, previewAction, readAction } from './actions/index.js';
import { homeAnswer } from './answers/home.js';
import {
  backfillAnswer,
  backfillPlan,
  backfillsAnswer,
  connectionsAnswer,
  lineAnswer,
  schedulesAnswer,
  workersAnswer,
} from './answers/others.js';
import {
  calendarAnswer,
  definitionAnswer,
  durationsAnswer,
  formAnswer,
  pipelineAnswer,
  pipelineScheduleAnswer,
  pipelinesAnswer,
  statsAnswer,
} from './answers/pipelines.js';
import { sensorsAnswer } from './answers/sensors.js';
import { Assets } from './assets.js';
import type { Answer, Answers, BackfillRequest, MeAnswer } from './contract.js';
import { keepNewest } from './keep-newest.js';
import { type Answering, Live } from './live.js';
import type { Parts } from './parts.js';
import { badInput, ConsoleError, notFound } from './refusal.js';
import { type Safety, systemUser } from './safety.js';
import { isAway, wordsOf } from './trouble.js';

/** Many tabs ask for the same at the same time: they get the same answer. */
const SHARED_MS = 300;
const MOST_SHARED = 500;
const LONGEST_TEXT = 2_000;
const MOST_BODY_BYTES = 2 * 1024 * 1024;
/** Every answer comes within 3 s: what has not been read by then is missing from it, which a notice says. */
const ANSWER_MS = 2_500;
/** The last answers, for the time in which Temporal is away. */
const MOST_KEPT = 200;

type Query = (name: string) => string | null;
type Look = (parts: Parts, query: Query) => Promise<object>;
type Looks = {
  [Path in Exclude<keyof Answers, '/api/me'>]: (
    parts: Parts,
    query: Query,
  ) => Promise<Omit<Answers[Path], 'at'>>;
};

const LOOKS: Looks = {
  '/api/home': homeAnswer,
  '/api/pipelines': pipelinesAnswer,
  '/api/pipeline': (parts, query) =>
    pipelineAnswer(parts, required(query, 'name'), {
      before: query('before'),
      limit: numberIn(query, 'limit'),
    }),
  '/api/pipeline/calendar': (parts, query) =>
    calendarAnswer(parts, required(query, 'name'), numberIn(query, 'year') ?? null),
  '/api/pipeline/durations': (parts, query) => durationsAnswer(parts, required(query, 'name')),
  '/api/pipeline/stats': (parts, query) => statsAnswer(parts, required(query, 'name')),
  '/api/pipeline/definition': (parts, query) => definitionAnswer(parts, required(query, 'name')),
  '/api/pipeline/schedule': (parts, query) =>
    pipelineScheduleAnswer(parts, required(query, 'name'), Math.min(500, numberIn(query, 'count') ?? 20)),
  '/api/pipeline/form': (parts, query) => formAnswer(parts, required(query, 'name')),
  '/api/run': (parts, query) => parts.runs.answer(required(query, 'workflowId'), query('runId')),
  '/api/step': (parts, query) =>
    parts.runs.step(required(query, 'workflowId'), query('runId'), required(query, 'step')),
  '/api/backfills': backfillsAnswer,
  '/api/backfill': (parts, query) => backfillAnswer(parts, required(query, 'workflowId')),
  '/api/line': lineAnswer,
  '/api/schedules': schedulesAnswer,
  '/api/sensors': sensorsAnswer,
  '/api/connections': connectionsAnswer,
  '/api/workers': workersAnswer,
};

export interface RoutesOptions {
  parts: Parts;
  safety: Safety;
  /** Where the console is mounted: `/`, or such as `/console`. */
  basePath: string;
}

/** The console as a Hono app. */
interface ConsoleRoutes {
  app: Hono;
  /** Reads what the first page shows, before anybody asks for it. */
  begin: () => void;
  close: () => void;
}

export function consoleRoutes({ parts, safety, basePath }: RoutesOptions): ConsoleRoutes {
  const base = `/${basePath.split('/').filter(Boolean).join('/')}`;
  const slashed = base === '/' ? '/' : `${base}/`;
  const assets = new Assets(slashed);
  const answering = sharedAnswers(parts);
  const live = new Live(parts, answering);
  const app = base === '/' ? new Hono() : new Hono().basePath(base);
  app.use('*', safety.hosts);
  app.use(
    '/api/*',
    safety.ownPages,
    safety.changes,
    bodyLimit({ maxSize: MOST_BODY_BYTES, onError: tooLarge }),
  );
  app.onError((error, context) => {
    const refused = refusalOf(error);
    return context.json(refused.body, refused.status);
  });

  app.get('/enter/:key', (context) => {
    if (!safety.enter(context, context.req.param('key')))
      throw new ConsoleError(
        'sign-in',
        'This link has been used, or is not ours: "temporal-hex console" prints a new one',
        { signIn: 'link' },
      );
    return context.redirect(slashed);
  });
  app.post('/api/sign-in', async (context) => {
    const { token } = await bodyOf(context);
    safety.signIn(context, token);
    return context.json({ ...meOf(parts, safety), by: systemUser(), byFrom: 'system' } satisfies MeAnswer);
  });
  app.use('/api/*', safety.members);
  app.get('/api/me', (context) => context.json(meAnswer(parts, safety, context)));
  app.post('/api/me', async (context) => {
    const body = await bodyOf(context);
    safety.rename(context, body.name);
    return context.json({
      ...meAnswer(parts, safety, context),
      by: String(body.name).trim(),
      byFrom: 'cookie',
    } satisfies MeAnswer);
  });
  app.get('/api/live', (context) => live.stream(context));
  app.post('/api/backfills/plan', async (context) =>
    context.json(stamped(await backfillPlan(parts, backfillIn(await bodyOf(context))))),
  );
  app.post('/api/actions/preview', async (context) => {
    const { by } = safety.by(context);
    return context.json(stamped(await previewAction(parts, readAction(await bodyOf(context)), by)));
  });
  app.post('/api/actions', async (context) => {
    safety.refuseReadOnly();
    const { by } = safety.by(context);
    return context.json(stamped(await performAction(parts, readAction(await bodyOf(context)), by)));
  });
  app.get('/api/*', async (context) => {
    const { pathname, search } = new URL(context.req.url);
    const { at, text } = await answering(`${base === '/' ? pathname : pathname.slice(base.length)}${search}`);
    return context.body(`{"at":${JSON.stringify(at)},${text.slice(1)}`, 200, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
  });
  app.all('/api/*', () => {
    throw notFound('There is no such address');
  });
  for (const name of ['app.js', 'app.css'] as const)
    app.get(`/${name}`, ({ req }) => assets.answer(name, req.raw.headers));
  // Which page it is, the script reads from the address: so no name of a pipeline or workflow means anything here.
  app.get('*', ({ req }) => assets.answer('index.html', req.raw.headers));
  app.notFound((context) => {
    const refused = notFound('There is no such address');
    return context.json(refused.body, refused.status);
  });
  const begin = () => {
    // What needs no turn of the lists goes out beside the first of them.
    const read = Promise.all([parts.book.glance(), parts.notices()]);
    void read.then(() => answering('/api/home')).catch(() => undefined);
  };
  const close = () => {
    live.close();
    parts.close();
  };
  return { app: app as Hono, begin, close };
}

/** Answers as text without their `at`, each made once for all who ask at about the same time. */
function sharedAnswers(parts: Parts): Answering {
  const shared = new Map<string, { madeMs: number; answer: Promise<{ at: string; text: string }> }>();
  const kept = new Map<string, string>();
  const make = async (topic: string) => {
    const at = new Date().toISOString();
    try {
      await parts.probe();
      const text = await answerTo(parts, topic);
      keepNewest(kept, topic, text, MOST_KEPT);
      return { at, text };
    } catch (error) {
      const refused = refusalOf(error);
      const before = kept.get(topic);
      if (refused.code !== 'away' || before === undefined) throw refused;
      const answer = JSON.parse(before) as Answer;
      return {
        at,
        text: JSON.stringify({ ...answer, notices: [...parts.reach.notices(), ...answer.notices] }),
      };
    }
  };
  return (topic, anew = false) => {
    const known = shared.get(topic);
    if (!anew && known && Date.now() - known.madeMs < SHARED_MS) return known.answer;
    const entry = { madeMs: Number.POSITIVE_INFINITY, answer: make(topic) };
    keepNewest(shared, topic, entry, MOST_SHARED);
    entry.answer.then(
      () => {
        entry.madeMs = Date.now();
      },
      () => shared.get(topic) === entry && shared.delete(topic),
    );
    return entry.answer;
  };
}

function tooLarge(): never {
  throw badInput('body', `is larger than ${MOST_BODY_BYTES} bytes`);
}

async function answerTo(parts: Parts, topic: string): Promise<string> {
  const { pathname, searchParams } = new URL(topic, 'http://console');
  const look: Look | undefined = Object.hasOwn(LOOKS, pathname) ? LOOKS[pathname as keyof Looks] : undefined;
  if (!look) throw notFound('There is no such address');
  const query: Query = (name) => searchParams.get(name)?.slice(0, LONGEST_TEXT) ?? null;
  return JSON.stringify(await parts.client.withDeadline(Date.now() + ANSWER_MS, () => look(parts, query)));
}

function stamped<T extends object>(answer: T): T & Pick<Answer, 'at'> {
  return { at: new Date().toISOString(), ...answer };
}

function meOf({ client, taskQueue, temporalUi }: Parts, { readOnly }: Safety) {
  const { namespace } = client.options;
  return stamped({ notices: [], readOnly, version, namespace, taskQueue, temporalUi });
}

const meAnswer = (parts: Parts, safety: Safety, context: Context): MeAnswer => ({
  ...meOf(parts, safety),
  ...safety.by(context),
});

/** Hono would take any content type: the middleware has seen to it that it is JSON. */
async function bodyOf(context: Context): Promise<Record<string, unknown>> {
  const body: unknown = await context.req.json().catch(() => null);
  if (!isObject(body)) throw badInput('body', 'must be a JSON object');
  return body;
}

function backfillIn(body: Record<string, unknown>): BackfillRequest {
  if (typeof body.pipeline !== 'string') throw badInput('pipeline', 'is required: the name of a pipeline');
  return body as unknown as BackfillRequest;
}

function required(query: Query, name: string): string {
  const value = query(name);
  if (value === null || value === '') throw badInput(name, 'is required');
  return value;
}

function numberIn(query: Query, name: string): number | undefined {
  const text = query(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw badInput(name, `"${text}" is not a number from 1 on`);
  return value;
}

/** They name what is wrong, each with its path. */
const BAD_INPUT = [InvalidInputError, BackfillError, ScheduleError, SensorError];

/** Why something was not done or not found, for people. */
export function refusalOf(error: unknown): ConsoleError {
  if (error instanceof ConsoleError) return error;
  if (BAD_INPUT.some((kind) => error instanceof kind)) {
    const { message, problems } = error as InvalidInputError;
    return new ConsoleError('bad-input', message, { problems });
  }
  if (error instanceof ControlRefusedError || error instanceof RerunError)
    return new ConsoleError('refused', error.message);
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return new ConsoleError('refused', `A workflow with the id "${error.workflowId}" is running already`);
  if (error instanceof WorkflowNotFoundError)
    return notFound(`Temporal has no workflow "${error.workflowId}" (any more)`);
  if (error instanceof ScheduleNotFoundError) return notFound(`There is no schedule "${error.scheduleId}"`);
  if (isAway(error)) return new ConsoleError('away', `Temporal cannot be reached: ${wordsOf(error)}`);
  if (isGrpcServiceError(error)) return new ConsoleError('failed', `Temporal: ${wordsOf(error)}`);
  return new ConsoleError('failed', error instanceof Error ? error.message : String(error));
}
