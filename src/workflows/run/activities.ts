import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { HexActivities } from '../../activities/index.js';
import { retriedActivities } from '../retried.js';

/** An attempt is given up this much later than the request's own time limit, so that the activity reports first. */
const MARGIN_MS = 5_000;

const attemptMs = (requestTimeoutMs: number) => requestTimeoutMs + Math.min(MARGIN_MS, requestTimeoutMs);

/**
 * The request that must not be sent twice: one attempt, and its answer is awaited even when the workflow is cancelled,
 * because it holds the id to clean up. (The SDK's own default is TRY_CANCEL, whatever its typings say.)
 */
export function sentOnce(requestTimeoutMs: number, summary: string) {
  return proxyActivities<HexActivities>({
    startToCloseTimeout: attemptMs(requestTimeoutMs),
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary,
  });
}

/** Requests that may be repeated: retried for as long as `withinMs`, at most `longestPauseMs` (default a minute) apart. */
export function retried(
  requestTimeoutMs: number,
  withinMs: number,
  summary: string,
  longestPauseMs?: number,
) {
  return retriedActivities({
    // A cancel may read the status as well, so there is room for two requests.
    attemptMs: attemptMs(2 * requestTimeoutMs),
    withinMs: Math.max(1, withinMs),
    summary,
    ...(longestPauseMs !== undefined && { longestPauseMs }),
  });
}
