import type { BackfillPage } from '../../contract/backfill.js';
import type { BackfillInput } from '../../pipeline/backfill/input.js';
import { retriedActivities } from '../retried.js';

const READ_WITHIN_MS = 600_000;

/** Some partitions of a backfill by their places, and what their runs have come to. */
export function backfillPage(
  input: BackfillInput,
  untilMs: number,
  indexes: number[],
): Promise<BackfillPage> {
  return retriedActivities({
    attemptMs: 60_000,
    withinMs: READ_WITHIN_MS,
    summary: 'What the partitions have come to',
  }).backfillPage({ input, untilMs, indexes });
}
