import type { BackfillRow } from '../contract/backfill.js';
import { partitionWorkflowId } from '../contract/ids.js';
import type { Reprocess } from '../pipeline/backfill/input.js';
import { type Partition, willRun } from '../pipeline/backfill/range.js';
import type { KnownRuns } from './remembered.js';

/** Partitions of a backfill with what their runs have come to, and whether they are run again. */
export function backfillRows(
  name: string,
  partitions: readonly Partition[],
  runs: ReadonlyMap<string, KnownRuns>,
  reprocess: Reprocess,
): BackfillRow[] {
  return partitions.map((one) => {
    const { state = 'missing', workflowId: ranAs = null } = runs.get(one.partition) ?? {};
    const workflowId = partitionWorkflowId(name, one);
    return { ...one, state, willRun: willRun(state, reprocess), workflowId, ranAs };
  });
}
