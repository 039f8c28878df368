/** What is remembered of how fresh a pipeline is. Plain JSON; epoch milliseconds. */
export interface FreshWatch {
  /** Since when it is watched: from then a first success is expected. */
  sinceMs: number;
  /** The start that the newest partition which has succeeded belongs to, and when it last did; null for none. */
  newest: { at: number; succeededMs: number } | null;
  /** Whether it has been told that it is no longer fresh. */
  stale: boolean;
}

/** A run that succeeded: the start that it was meant for, and when it ended. */
export interface Success {
  at: number;
  succeededMs: number;
}

/**
 * Whether a pipeline is fresh: the last success of its newest partition is no older than `withinMs`. A success of an older partition,
 * such as that of a backfill, changes nothing.
 */
export function judgeFreshness(
  before: FreshWatch,
  successes: readonly Success[],
  now: number,
  withinMs: number,
): { watch: FreshWatch; news: 'stale' | 'fresh' | null } {
  let { newest } = before;
  for (const one of successes) {
    if (!newest || one.at > newest.at || (one.at === newest.at && one.succeededMs > newest.succeededMs))
      newest = one;
  }
  const stale = now - freshSince({ ...before, newest }) > withinMs;
  const news = stale === before.stale ? null : stale ? 'stale' : 'fresh';
  return { watch: { ...before, newest, stale }, news };
}

/** From when its age counts. */
export const freshSince = ({ sinceMs, newest }: FreshWatch): number => newest?.succeededMs ?? sinceMs;
