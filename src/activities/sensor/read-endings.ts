import { cancellationSignal } from '@temporalio/activity';
import { type CallOptions, HexError, type HexRunInfo, isTerminal, type RunPage } from '../../hex/index.js';
import { ENDED_AS } from '../../pipeline/definition/wait-schema.js';
import type { SensorSpec } from '../../pipeline/sensor/definition.js';
import {
  nextRead,
  PAGE,
  type ProjectWatch,
  type SeenRun,
  type Step,
  withPage,
  withRun,
} from '../../pipeline/sensor/watch.js';
import type { ActivityDependencies } from '../dependencies.js';
import { readFailure } from '../failures.js';
import { isGone } from '../janitor-read.js';

/** What is asked of Hex for a sensor. */
export interface ReadEndingsRequest {
  watch: ProjectWatch;
  on: Pick<SensorSpec, 'connection' | 'status' | 'everyMs'>;
}

const REQUEST_TIMEOUT_MS = 20_000;

/**
 * One read of a project's runs for a sensor: the newest page, which it shares with waits and the reads of runs, or, where it is behind,
 * a page further down or one run, behind the reads of live runs.
 */
export const readEndings =
  (dependencies: ActivityDependencies) =>
  async ({ watch, on }: ReadEndingsRequest): Promise<Step> => {
    try {
      const step = await read(dependencies, watch, on);
      return { ...step, endings: step.endings.filter(({ status }) => ENDED_AS[on.status].includes(status)) };
    } catch (error) {
      // A project that is gone does not hold up the others: it is looked at again later.
      throw readFailure(error, isGone(error) ? 0 : dependencies.patienceMs);
    }
  };

async function read(
  dependencies: ActivityDependencies,
  watch: ProjectWatch,
  { connection, everyMs }: ReadEndingsRequest['on'],
): Promise<Step> {
  const { projectId } = watch;
  const client = dependencies.hex(connection);
  const call: CallOptions = { signal: cancellationSignal(), timeoutMs: REQUEST_TIMEOUT_MS };
  const next = nextRead(watch);
  if ('runId' in next) {
    const run = await client
      .getRunStatus(projectId, next.runId, { ...call, background: true })
      .catch((error: unknown) => {
        if (error instanceof HexError && error.kind === 'HexNotFound') return null;
        throw error;
      });
    return withRun(watch, next.runId, run && seen(run));
  }
  const { offset } = next;
  const shared = dependencies.reads?.(connection)?.shared;
  // Where it is behind, the newest page must not be older than those that were read before it.
  const maxAgeMs = watch.climb === null ? everyMs / 2 : 0;
  const page =
    offset === 0 && shared
      ? await shared.newestRuns(projectId, maxAgeMs, call)
      : await client.listProjectRuns(projectId, { limit: PAGE, offset }, { ...call, background: offset > 0 });
  return withPage(watch, offset, { runs: page.runs.map(seen), hasMore: page.hasMore, atMs: clockOf(page) });
}

const clockOf = ({ date }: RunPage) => (date === null ? Date.now() : Date.parse(date));

function seen(run: HexRunInfo): SeenRun {
  const { projectId, runId, runUrl, status, trigger, projectVersion, startTime, endTime, date } = run;
  const end = endTime ?? date ?? new Date().toISOString();
  const facts = { projectId, runId, runUrl, status, trigger, projectVersion, startTime, endTime: end };
  const ended = isTerminal(status);
  const startMs = startTime === null ? (ended ? Date.parse(end) : null) : Date.parse(startTime);
  return { runId, startMs, ending: ended ? facts : null };
}
