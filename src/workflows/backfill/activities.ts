import type { BackfillBeginning } from '../../activities/backfills.js';
import type { BackfillRow } from '../../contract/backfill.js';
import type { BackfillInput } from '../../pipeline/backfill/input.js';
import type { PipelineRunInput } from '../../pipeline/definition/definition.js';
import { retriedActivities } from '../retried.js';

/** Days without a worker are waited for. */
const WITHIN_MS = 7 * 86_400_000;

/** What a backfill is about, and which of its partitions are to be run. */
export function beginBackfill(input: BackfillInput, untilMs: number): Promise<BackfillBeginning> {
  return retriedActivities({
    attemptMs: 300_000,
    withinMs: WITHIN_MS,
    summary: 'What all partitions have come to',
  }).beginBackfill({ input, untilMs });
}

/** Some partitions of a backfill by their places, and what their runs have come to since. */
export function backfillPage(
  input: BackfillInput,
  untilMs: number,
  indexes: number[],
): Promise<BackfillRow[]> {
  return retriedActivities({
    attemptMs: 60_000,
    withinMs: WITHIN_MS,
    summary: 'What the next partitions have come to',
  }).backfillPage({ input, untilMs, indexes });
}

/** The input that repeats a failed run in part; null where there is nothing to take over from it. */
export function rerunInput(workflowId: string): Promise<PipelineRunInput | null> {
  return retriedActivities({
    attemptMs: 60_000,
    withinMs: WITHIN_MS,
    summary: `What ${workflowId} has done`.slice(0, 200),
  }).rerunInput(workflowId);
}
