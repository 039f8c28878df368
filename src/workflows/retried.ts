import { ActivityCancellationType, type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { HexActivities } from '../activities/index.js';

/** How activities are tried again. Times in ms. */
export interface Retries {
  /** Time limit of one try. */
  attemptMs: number;
  /** Time limit of all tries together. */
  withinMs: number;
  /** Longest pause between two tries. Default one minute. */
  longestPauseMs?: number;
  /** What the activity is for, as the Web UI shows it. */
  summary?: string;
  activityId?: string;
}

/** Activities that may be done twice: after an error they are tried again. A cancel does not wait for their answer. */
export function retriedActivities({
  attemptMs,
  withinMs,
  longestPauseMs = 60_000,
  ...more
}: Retries): ActivityInterfaceFor<HexActivities> {
  return proxyActivities<HexActivities>({
    startToCloseTimeout: attemptMs,
    scheduleToCloseTimeout: withinMs,
    retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: longestPauseMs },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    ...more,
  });
}
