import type { Hints } from './errors/hints.js';

/** What a client can be asked for. */
export type Operation =
  | 'whoAmI'
  | 'listProjects'
  | 'getProject'
  | 'runProject'
  | 'getRunStatus'
  | 'listProjectRuns'
  | 'cancelRun';

/** One call of the API, before it becomes an HTTP request. */
export interface Call {
  /** Who is asked, for messages: `Hex`, or `Hex (connection "eu")`. */
  who: string;
  /** What to do about trouble, in the variables of the connection. */
  hints: Hints;
  /** Method and path, for messages. */
  name: string;
  /** The method of the client, for metrics. */
  operation: Operation;
  method: 'GET' | 'POST' | 'DELETE';
  /** Below `/api/v1`; ids in it are checked already. */
  path: string;
  query: URLSearchParams;
  /** Sent as JSON; undefined sends no body. */
  body?: unknown;
  /** Whether success changes something in Hex. False for reads and dry runs. */
  changesHex: boolean;
  /** Whether it asks for a run, where 503 has a meaning of its own. */
  startsRun: boolean;
}

/** How one request to Hex is made. */
export interface CallOptions {
  /** Gives the call up. */
  signal?: AbortSignal | undefined;
  /** Time limit of this request in ms, answer included. Default: the connection's. */
  timeoutMs?: number | undefined;
  /** A read that gives way to all others of the connection. Default false. */
  background?: boolean | undefined;
}
