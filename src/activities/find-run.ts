import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { HexRunInfo } from '../hex/index.js';
import type { AdoptionEvidence } from '../run/result.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import type { ProjectReference } from './list-live-runs.js';
import { tellOfTrouble } from './tell-of-trouble.js';

/** Which start is to be looked for. */
export interface FindRunRequest extends ProjectReference {
  /** When the workflow asked for the start, in ms since 1970 by the Temporal server's clock. */
  requestedAtMs: number;
}

/** A run in Hex that could be ours. Times ISO 8601, by Hex's clock. */
export interface FoundRun {
  runId: string;
  runUrl: string | null;
  projectVersion: string | null;
  status: string;
  startTime: string | null;
  traceId: string | null;
}

/** The runs that could be ours, and what speaks for them. */
export interface FoundRuns {
  /** Newest first. */
  candidates: FoundRun[];
  evidence: AdoptionEvidence;
  searchAttributes: boolean;
}

/** Slack for clocks that differ and for the whole seconds of Hex's `Date` header. */
const SLACK_MS = 5_000;
const PAGE = 100;
const MOST_PAGES = 5;

/**
 * Looks for the run whose start was not answered: API runs of the project since the start was asked for, without
 * those that other workflows own. Hex echoes no inputs, so time, project and ownership are all there is to go by.
 * The window is laid by Hex's own clock: as long before "now" in Hex as the request lies before "now" here.
 */
export const findRun =
  (dependencies: ActivityDependencies) =>
  async (request: FindRunRequest): Promise<FoundRuns> => {
    const { hex, patienceMs, searchAttributes = false } = dependencies;
    try {
      const { runs, windowStartMs } = await runsSince(hex(request.connection), request);
      const owned = await ownedByOthers(
        dependencies,
        request.connection,
        runs.map((run) => run.runId),
        activityInfo().workflowExecution?.workflowId,
      );
      const candidates = runs.filter((run) => !owned.includes(run.runId)).map(foundRun);
      const evidence: AdoptionEvidence = {
        windowStart: new Date(windowStartMs).toISOString(),
        seen: runs.length,
        claimed: owned,
        candidates: candidates.map((run) => run.runId),
      };
      return { candidates, evidence, searchAttributes };
    } catch (error) {
      await tellOfTrouble(dependencies, request.connection, error, 'reads');
      throw readFailure(error, patienceMs);
    }
  };

/** Runs in flight by the limiter, which knows at once; earlier ones by their search attribute. */
export async function ownedByOthers(
  { owners, limiters }: ActivityDependencies,
  connection: string,
  runIds: string[],
  workflowId: string | undefined,
): Promise<string[]> {
  if (workflowId === undefined || runIds.length === 0) return [];
  const [known, holders = {}] = await Promise.all([
    owners?.ownedByOthers(runIds, workflowId) ?? [],
    limiters?.holders(connection),
  ]);
  const inFlight = runIds.filter((runId) => ![undefined, workflowId].includes(holders[runId]));
  return [...new Set([...known, ...inFlight])];
}

/** @param slackMs how much earlier a run may have begun. Default {@link SLACK_MS} */
export async function runsSince(
  client: ReturnType<ActivityDependencies['hex']>,
  { projectId, requestTimeoutMs, requestedAtMs }: Omit<FindRunRequest, 'connection'>,
  slackMs = SLACK_MS,
) {
  const runs: HexRunInfo[] = [];
  let windowStartMs = 0;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await client.listProjectRuns(
      projectId,
      { trigger: 'API', limit: PAGE, offset: page * PAGE },
      { signal: cancellationSignal(), timeoutMs: requestTimeoutMs },
    );
    if (page === 0) {
      const hexNow = answer.date === null ? Date.now() : Date.parse(answer.date);
      windowStartMs = hexNow - Math.max(0, Date.now() - requestedAtMs) - slackMs;
    }
    const recent = answer.runs.filter((run) => startedSince(run, windowStartMs));
    runs.push(...recent);
    if (recent.length === 0 || !answer.hasMore) break;
  }
  return { runs, windowStartMs };
}

/** A run that has not begun yet has no time at all, so it may be ours. */
function startedSince(run: HexRunInfo, windowStartMs: number): boolean {
  return run.startTime === null || Date.parse(run.startTime) >= windowStartMs;
}

function foundRun(run: HexRunInfo): FoundRun {
  const { runId, runUrl, projectVersion, status, startTime, traceId } = run;
  return { runId, runUrl, projectVersion, status, startTime, traceId };
}
