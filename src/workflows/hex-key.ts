import { condition, proxyActivities, setHandler, upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { HexActivities } from '../activities/index.js';
import { typedFailure } from '../contract/failure.js';
import type { KeyInput } from '../contract/inputs.js';
import { memo } from '../contract/memo.js';
import { doubtKeySignal, holdKeySignal, releaseKeySignal } from '../contract/messages.js';
import type { KeyHolder, KeyRecord } from '../run/key.js';
import { continueAsItStands } from './continue-as-it-stands.js';

/** Holders tell when they end; this is for those that could not, because they were terminated. */
const LOOK_MS = 3_600_000;

const { openHolders } = proxyActivities<HexActivities>({
  startToCloseTimeout: '30 seconds',
  summary: 'Whether those who have the key are still there',
});

/**
 * A business key in use: there is at most one of its id, `hex-key/<run or pipeline>/<task queue>/<key>`, which is what makes a claim free of races. It runs
 * while somebody has the key, completes when one of them has succeeded, and fails when none has: Temporal's reuse policy
 * `ALLOW_DUPLICATE_FAILED_ONLY` then says who may have it next, for as long as the namespace keeps closed workflows.
 */
export async function hexKey({ key, holders }: KeyInput): Promise<KeyRecord> {
  let open = holders;
  let succeeded: KeyRecord | null = null;
  let doubted = false;
  const keep = (still: KeyHolder[]) => {
    const first = open[0];
    open = still;
    // Who is shown as the holder, to those who come next.
    if (open[0] && open[0] !== first) upsertMemo(memo({ hexKeyHolder: open[0] }));
  };
  setHandler(holdKeySignal, (holder) => keep([...open, holder]));
  setHandler(releaseKeySignal, ({ runId, record }) => {
    succeeded = record ?? succeeded;
    keep(open.filter((holder) => holder.runId !== runId));
  });
  setHandler(doubtKeySignal, () => {
    doubted = true;
  });
  while (open.length > 0) {
    if (workflowInfo().continueAsNewSuggested)
      await continueAsItStands<typeof hexKey>({ key, holders: open });
    if (await condition(() => open.length === 0 || doubted, LOOK_MS)) {
      if (open.length === 0) break;
    }
    doubted = false;
    const asked = open;
    const there = new Set(await openHolders(asked));
    keep(open.filter((holder) => there.has(holder.runId) || !asked.includes(holder)));
  }
  if (succeeded) return succeeded;
  throw typedFailure({
    type: 'KeyReleased',
    message: `Nobody has succeeded with the key "${key}"`,
    nonRetryable: true,
  });
}
