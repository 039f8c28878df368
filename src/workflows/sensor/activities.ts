import type { ReadEndingsRequest } from '../../activities/sensor/read-endings.js';
import type { StartsRequest } from '../../activities/sensor/start-for-endings.js';
import type { Step } from '../../pipeline/sensor/watch.js';
import { retriedActivities } from '../retried.js';

const READ_WITHIN_MS = 300_000;
/** Short: the try of a worker that was killed is waited for that long. */
const TRY_MS = 30_000;
/** A server that does not answer is waited for. */
const START_WITHIN_MS = 86_400_000;

/** One read of a project's runs. */
export function readEndings(request: ReadEndingsRequest): Promise<Step> {
  return retriedActivities({
    attemptMs: TRY_MS,
    withinMs: READ_WITHIN_MS,
    summary: `Runs of ${request.watch.projectId}`,
  }).readEndings(request);
}

/** Starts a pipeline for each batch of endings. */
export function startForEndings(request: StartsRequest): Promise<(string | null)[]> {
  return retriedActivities({
    attemptMs: TRY_MS,
    withinMs: START_WITHIN_MS,
    summary: `Start ${request.name} for ${request.batches.length} endings`,
  }).startForEndings(request);
}
