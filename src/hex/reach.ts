import { HexError, type HexErrorKind, HexNetworkError } from './errors/index.js';
import type { HexClient } from './types.js';

/** What was asked of Hex, as far as it takes to ask it again: about a run, a project, or neither. */
export interface Asked {
  /** The project; absent where the request named none. */
  projectId?: string;
  /** The run; absent where the request named none. */
  runId?: string;
}

/** What a request tells of Hex: it answered, or it is out of reach for what was asked. */
export type Heard = { reached: true } | { reached: false; asked: Asked; error: HexError };

/** Troubles that keep everything from being done: no answer, 5xx, an answer that is not Hex's, a token that is refused. */
const OUT_OF_REACH: ReadonlySet<HexErrorKind> = new Set([
  'HexNetwork',
  'HexUnavailable',
  'HexUnexpectedAnswer',
  'HexAuth',
]);

/** Whether Hex is out of reach by this error; null where it says nothing, such as a request that was given up by us. */
export function outOfReach(error: HexError): boolean | null {
  if (error instanceof HexNetworkError && error.code === 'ABORTED') return null;
  if (OUT_OF_REACH.has(error.kind)) return true;
  return error.requestSent === 'answered' ? false : null;
}

/** The client, whose every request is heard of. */
export function heardClient(client: HexClient, hear: (heard: Heard) => void): HexClient {
  const follow = async <T>(asked: Asked, request: Promise<T>): Promise<T> => {
    try {
      const answer = await request;
      hear({ reached: true });
      return answer;
    } catch (error) {
      const away = error instanceof HexError ? outOfReach(error) : null;
      if (away === false) hear({ reached: true });
      if (away) hear({ reached: false, asked, error: error as HexError });
      throw error;
    }
  };
  return {
    connection: client.connection,
    whoAmI: (options) => follow({}, client.whoAmI(options)),
    listProjects: (filter, options) => follow({}, client.listProjects(filter, options)),
    getProject: (projectId, options) => follow({ projectId }, client.getProject(projectId, options)),
    runProject: (projectId, body, options) =>
      follow({ projectId }, client.runProject(projectId, body, options)),
    getRunStatus: (projectId, runId, options) =>
      follow({ projectId, runId }, client.getRunStatus(projectId, runId, options)),
    listProjectRuns: (projectId, query, options) =>
      follow({ projectId }, client.listProjectRuns(projectId, query, options)),
    cancelRun: (projectId, runId, options) =>
      follow({ projectId, runId }, client.cancelRun(projectId, runId, options)),
  };
}

/** Asks Hex the same once more, without changing anything. */
export async function askAgain(
  client: HexClient,
  { projectId, runId }: Asked,
  options: { signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  if (projectId === undefined) await client.whoAmI(options);
  else if (runId === undefined) await client.listProjectRuns(projectId, { limit: 1 }, options);
  else await client.getRunStatus(projectId, runId, options);
}
