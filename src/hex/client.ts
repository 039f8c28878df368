import { networkFetch } from '../network/fetch.js';
import { version } from '../version.js';
import type { Call, CallOptions, Operation } from './call.js';
import { decode } from './decode.js';
import { hintsOf } from './errors/hints.js';
import { HexUnexpectedAnswerError } from './errors/index.js';
import { normalizeBaseUrl, pathsOf } from './paths.js';
import { pacedRead } from './reads/paced-read.js';
import type { ReadPacing } from './reads/pacing.js';
import { type HexAnswer, request, type Transport } from './request.js';
import { checkRunQuery, checkRunRequest } from './run-request.js';
import {
  dryRunSchema,
  identitySchema,
  projectListSchema,
  projectSchema,
  runListSchema,
  runSchema,
  startedRunSchema,
  type WireRun,
} from './schemas.js';
import type { HexClient, HexConnection, HexProject, HexRunInfo, ProjectFilter } from './types.js';
import { variablePrefix } from './variables.js';

/** How a client sends its requests. */
export interface HexClientOptions {
  /** Default: Node's own, through the proxy that the environment names. */
  fetch?: Transport['fetch'];
  /** Default `temporal-hex/<version>`. */
  userAgent?: string;
  /** Paces the reads (GET). One for each connection and process. Default: none. */
  pacing?: ReadPacing;
  /** Stands around every exchange. Default: nothing does. */
  observe?: Observe | null;
}

/** Sends a request by calling `send`, and sees what comes of it. */
export type Observe = (call: Call, send: () => Promise<HexAnswer>) => Promise<HexAnswer>;

const TIMEOUT_MS = 30_000;
/** The largest page of projects that Hex gives. */
const PROJECTS_PER_PAGE = 100;
const RUNS_PER_PAGE = 25;

/**
 * A client of one connection.
 *
 * @throws Error where the base URL is not one that a token may be sent to
 *
 * @example
 * const hex = createHexClient({ name: 'default', baseUrl: 'https://app.hex.tech', token: () => readToken() });
 * const { runId } = await hex.runProject('extract-project-id', { inputParams: { date: '2026-10-01' } });
 */
export function createHexClient(connection: HexConnection, options: HexClientOptions = {}): HexClient {
  const { name, token, legacyPaths = false, timeoutMs = TIMEOUT_MS } = connection;
  const transport: Transport = {
    origin: originOf(connection),
    token,
    timeoutMs,
    userAgent: options.userAgent ?? `temporal-hex/${version}`,
    fetch: options.fetch ?? networkFetch,
  };
  const asker = {
    who: name === 'default' ? 'Hex' : `Hex (connection "${name}")`,
    hints: hintsOf(variablePrefix(name)),
  };
  const paths = pathsOf(legacyPaths);

  const get = (
    operation: Operation,
    path: string,
    query: Record<string, string | string[] | undefined> = {},
  ): Call => ({
    ...callOf(asker, operation, 'GET', path),
    query: queryOf(query),
  });
  const { pacing, observe } = options;
  const send = (call: Call, callOptions: CallOptions = {}) => {
    const ask = () => request(transport, call, callOptions);
    const exchange = observe ? () => observe(call, ask) : ask;
    return pacing && call.method === 'GET' ? pacedRead(pacing, call, exchange, callOptions) : exchange();
  };

  return {
    connection: name,

    async whoAmI(callOptions) {
      const call = get('whoAmI', paths.me);
      const answer = await send(call, callOptions);
      const me = decode(identitySchema, call, answer);
      const { id, name, email, role } = me;
      return {
        id,
        name,
        email,
        role,
        orgId: me.org?.id ?? null,
        tokenExpiresAt: momentOf(me.token?.exp ?? null),
        date: answer.date,
      };
    },

    async listProjects(filter = {}, callOptions) {
      const projects: HexProject[] = [];
      const seen = new Set<string>();
      for (let after: string | undefined; ; ) {
        const call = get('listProjects', paths.projects, {
          ...filterQuery(filter),
          limit: String(PROJECTS_PER_PAGE),
          after,
        });
        const answer = await send(call, callOptions);
        const page = decode(projectListSchema, call, answer);
        projects.push(...page.values);
        after = page.pagination?.after || undefined;
        if (after === undefined) return projects;
        if (seen.has(after)) throw goesRound(call, answer);
        seen.add(after);
      }
    },

    async getProject(projectId, callOptions) {
      const call = get('getProject', paths.project(projectId));
      return decode(projectSchema, call, await send(call, callOptions));
    },

    async runProject(projectId, body = {}, callOptions) {
      checkRunRequest(body);
      const dryRun = body.dryRun === true;
      const call: Call = {
        ...callOf(asker, 'runProject', 'POST', paths.start(projectId)),
        body,
        changesHex: !dryRun,
        startsRun: true,
      };
      const answer = await send(call, callOptions);
      const started = decode(dryRun ? dryRunSchema : startedRunSchema, call, answer);
      return {
        ...started,
        projectId: started.projectId ?? projectId,
        traceId: started.traceId ?? answer.traceId,
      };
    },

    async getRunStatus(projectId, runId, callOptions) {
      const call = get('getRunStatus', paths.run(projectId, runId));
      const answer = await send(call, callOptions);
      return runInfo(decode(runSchema, call, answer), { projectId, runId }, answer);
    },

    async listProjectRuns(projectId, query = {}, callOptions) {
      checkRunQuery(query);
      const { limit = RUNS_PER_PAGE, offset = 0, status, trigger = 'ALL' } = query;
      const call = get('listProjectRuns', paths.runs(projectId), {
        limit: String(limit),
        offset: String(offset),
        statusFilter: status,
        runTriggerFilter: trigger,
      });
      const answer = await send(call, callOptions);
      const page = decode(runListSchema, call, answer);
      const traceId = page.traceId ?? answer.traceId;
      return {
        runs: page.runs.map((run) => runInfo(run, { projectId, runId: run.runId }, { ...answer, traceId })),
        hasMore: page.nextPage === undefined ? page.runs.length >= limit : Boolean(page.nextPage),
        traceId,
        date: answer.date,
      };
    },

    async cancelRun(projectId, runId, callOptions) {
      await send(
        { ...callOf(asker, 'cancelRun', 'DELETE', paths.run(projectId, runId)), changesHex: true },
        callOptions,
      );
    },
  };
}

function originOf({ name, baseUrl }: HexConnection): string {
  try {
    return normalizeBaseUrl(baseUrl);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be read';
    throw new Error(`The base URL of connection "${name}" cannot be used: ${why}`);
  }
}

function callOf(
  asker: Pick<Call, 'who' | 'hints'>,
  operation: Operation,
  method: Call['method'],
  path: string,
): Call {
  const query = new URLSearchParams();
  return {
    ...asker,
    operation,
    name: `${method} ${path}`,
    method,
    path,
    query,
    changesHex: false,
    startsRun: false,
  };
}

function queryOf(fields: Record<string, string | string[] | undefined>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(fields)) {
    for (const item of [value ?? []].flat()) query.append(key, item);
  }
  return query;
}

function filterQuery(filter: ProjectFilter): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(filter)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, Array.isArray(value) ? value : String(value)]),
  );
}

function runInfo(
  wire: WireRun,
  asked: { projectId: string; runId: string },
  answer: Pick<HexAnswer, 'traceId' | 'date'>,
): HexRunInfo {
  const { status, runUrl, projectVersion, startTime, endTime } = wire;
  return {
    projectId: wire.projectId ?? asked.projectId,
    runId: wire.runId ?? asked.runId,
    runUrl,
    projectVersion,
    status,
    trigger: wire.runTrigger,
    startTime,
    endTime,
    elapsedMs: wire.elapsedTime,
    traceId: wire.traceId ?? answer.traceId,
    date: answer.date,
  };
}

/** Text as it is; a number is taken as seconds since 1970, as in tokens. */
function momentOf(value: string | number | null): string | null {
  return typeof value === 'number' ? new Date(value * 1_000).toISOString() : value;
}

function goesRound(call: Call, { status, traceId }: HexAnswer): HexUnexpectedAnswerError {
  return new HexUnexpectedAnswerError({
    message: `The pages of ${call.name} repeat: Hex returned the same cursor twice`,
    status,
    traceId,
    hint: call.hints.unexpectedAnswer,
    requestSent: 'answered',
    outcome: 'not-done',
  });
}
