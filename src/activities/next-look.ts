import { activityInfo } from '@temporalio/activity';

/**
 * How long to wait until an activity that waits for something looks again, in ms: Temporal tries it again then, which costs no event in the
 * history. The last look is when the time is up; null after that.
 */
export function nextLookMs({ everyMs, withinMs }: { everyMs: number; withinMs: number }): number | null {
  const leftMs = activityInfo().scheduledTimestampMs + withinMs - Date.now();
  return leftMs <= 0 ? null : Math.min(everyMs, leftMs);
}
