import { proxyActivities, sleep } from '@temporalio/workflow';
import type { HexActivities } from '../../activities/index.js';
import type { StrayRound } from '../../activities/list-strays.js';
import type { JanitorSpec, LeftRuns } from '../../run/janitor-input.js';

const { listStrays } = proxyActivities<HexActivities>({
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '1 hour',
  cancellationType: 'TRY_CANCEL',
});

const REQUEST_TIMEOUT_MS = 30_000;
const LOOKBACK_MS = 86_400_000;

/** The two rounds as they were before the janitor kept its place, for the histories of that time. */
export async function strayRounds(spec: JanitorSpec): Promise<LeftRuns> {
  const first = await round(spec, spec.projects);
  if (first.strays.length === 0) return { strays: [], possible: [] };
  await sleep(spec.roundIntervalMs, { summary: 'Until the second round' });
  const second = await round(spec, [...new Set(first.strays.map((stray) => stray.projectId))]);
  const seenBefore = new Set(first.strays.map((stray) => stray.runId));
  return { strays: second.strays.filter((stray) => seenBefore.has(stray.runId)), possible: [] };
}

function round({ connection, lookbackMs }: JanitorSpec, projects: string[] | null): Promise<StrayRound> {
  const sinceMs = Date.now() - (lookbackMs ?? LOOKBACK_MS);
  return listStrays({ connection, projects, sinceMs, requestTimeoutMs: REQUEST_TIMEOUT_MS });
}
