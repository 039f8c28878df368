import type { ExistingKey } from '../../run/key.js';
import type { HexRunResult } from '../../run/result.js';
import { type Claim, claimKey, withKey } from '../key/business-key.js';
import { enterPhase, type RunState, tellParentOfWait } from './state.js';

/** Runs `work` under the key of the run, or gives way to who has it. */
export async function underRunKey(state: RunState, work: () => Promise<HexRunResult>): Promise<HexRunResult> {
  const { key, projectId, dryRun, queueTimeoutMs, timeoutMs } = state.spec;
  if (!key || dryRun) return work();
  if (!state.heldKey) {
    const claim = await claimKey({
      kind: 'run',
      key,
      of: projectId,
      onJoin: (other) => waitFor(state, other),
      joinLimitMs: queueTimeoutMs + timeoutMs,
    });
    if (!('held' in claim)) return resultUnderKey(state, claim);
    state.heldKey = claim.held;
  }
  const result = await withKey(state.heldKey, work, ({ runId, runUrl }) => ({ runId, runUrl }));
  return { ...result, key: key.text };
}

function waitFor(state: RunState, { workflowId, key }: ExistingKey): void {
  enterPhase(state, 'waiting', `the end of ${workflowId}, which has the key "${key}"`);
  void tellParentOfWait(state);
}

function resultUnderKey(state: RunState, claim: Exclude<Claim, { held: unknown }>): HexRunResult {
  enterPhase(state, 'done');
  if ('joined' in claim) {
    const { joined, result } = claim;
    return { ...(result as unknown as HexRunResult), key: joined.key, joined };
  }
  const { skipped, record } = claim;
  const { runId = '', runUrl = null } = record?.hexRun ?? {};
  return {
    success: true,
    status: 'SKIPPED',
    projectId: state.spec.projectId,
    runId,
    runUrl,
    projectVersion: null,
    startTime: null,
    endTime: null,
    elapsedMs: null,
    traceId: null,
    polls: 0,
    durationMs: Date.now() - state.startedAtMs,
    key: skipped.key,
    skipped,
  };
}
