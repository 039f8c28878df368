import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { HexActivities } from '../activities/index.js';
import type { LoadedPipeline } from '../activities/load-pipeline.js';
import type { Notice } from '../activities/notify.js';
import type { HexStepResult } from '../pipeline/pipeline-result.js';
import type { HexRunInput } from '../pipeline/run-input.js';

/** Long enough for a webhook's short outage, short enough not to hold up the end of a pipeline. */
const NOTIFY_WITHIN_MS = 120_000;
const READ_WITHIN_MS = 600_000;

/** Tells a webhook. Fails when it could not be delivered in two minutes. */
export function notify(notice: Notice): Promise<void> {
  return proxyActivities<HexActivities>({
    startToCloseTimeout: 15_000,
    scheduleToCloseTimeout: NOTIFY_WITHIN_MS,
    retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 30_000 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary: `Tell ${notice.to}: ${notice.event}`,
  }).notify(notice);
}

/** Reads a definition from the worker's folder of pipelines. */
export function loadPipeline(name: string): Promise<LoadedPipeline> {
  return proxyActivities<HexActivities>({
    startToCloseTimeout: 30_000,
    scheduleToCloseTimeout: READ_WITHIN_MS,
    retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 60_000 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary: `Load pipeline ${name}`,
  }).loadPipeline(name);
}

/** The last completed run of the project of the step or item `key`, when it is younger than `withinMs`. */
export async function lastCompletedRun(
  key: string,
  input: HexRunInput,
  withinMs: number,
): Promise<HexStepResult | null> {
  const { projectId, connection = 'default' } = input;
  const requestTimeoutMs = 30_000;
  return proxyActivities<HexActivities>({
    startToCloseTimeout: 3 * requestTimeoutMs,
    scheduleToCloseTimeout: READ_WITHIN_MS,
    retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 60_000 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    // A rerun finds by this id which step the answer was for.
    activityId: `fresh/${key}`,
    summary: `Last completed run of ${projectId}`,
  }).getLastCompletedRun({ connection, projectId, withinMs, requestTimeoutMs });
}
