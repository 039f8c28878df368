import type { Fate } from '../../activities/end-untaken.js';
import type { LoadedPipeline } from '../../activities/load-pipeline.js';
import type { QueueLook } from '../../activities/look-at-queue.js';
import { freshnessId } from '../../contract/ids.js';
import type { HexStepResult } from '../../pipeline/execution/result.js';
import type { HexRunInput } from '../../run/input.js';
import { retriedActivities } from '../retried.js';

const READ_WITHIN_MS = 600_000;

/** Whether anybody works on a task queue; null where that cannot be known. */
export function lookAtQueue(taskQueue: string): Promise<QueueLook | null> {
  return retriedActivities({
    attemptMs: 15_000,
    withinMs: 120_000,
    longestPauseMs: 30_000,
    summary: `Who works on task queue ${taskQueue}`,
  }).lookAtQueue(taskQueue);
}

/** Ends those of the cancelled children that no worker ever took up. */
export function endUntaken(workflowIds: readonly string[]): Promise<Fate[]> {
  return retriedActivities({
    attemptMs: 60_000,
    withinMs: READ_WITHIN_MS,
    summary: 'End children that no worker took up',
  }).endUntaken(workflowIds);
}

/** Reads a definition from the worker's folder of pipelines. */
export function loadPipeline(name: string): Promise<LoadedPipeline> {
  return retriedActivities({
    attemptMs: 30_000,
    withinMs: READ_WITHIN_MS,
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
  return retriedActivities({
    attemptMs: 3 * requestTimeoutMs,
    withinMs: READ_WITHIN_MS,
    // A rerun finds by this id which step the answer was for.
    activityId: freshnessId(key),
    summary: `Last completed run of ${projectId}`,
  }).getLastCompletedRun({ connection, projectId, withinMs, requestTimeoutMs });
}
