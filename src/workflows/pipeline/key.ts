import type { JsonValue } from '../../base/json.js';
import type { PipelineResult } from '../../pipeline/execution/result.js';
import { type Claim, claimKey, withKey } from '../key/business-key.js';
import type { PreparedExecution } from './prepared.js';
import type { PipelineView } from './view.js';

/** Runs `work` under the key of the pipeline, or gives way to who has it. */
export async function underPipelineKey(
  prepared: PreparedExecution,
  view: PipelineView,
  work: () => Promise<PipelineResult>,
): Promise<PipelineResult> {
  const { key, params } = prepared.pipeline;
  if (!key) return work();
  const { name, timeoutMs } = prepared.plan.spec;
  const startedAtMs = Date.now();
  const claim = await claimKey({
    kind: 'pipeline',
    key,
    of: name,
    rerun: prepared.request.rerunOf !== null,
    onJoin: (existing) => view.giveWay({ name, params, status: 'joining', existing }),
    joinLimitMs: timeoutMs,
  });
  if ('held' in claim) return { ...(await withKey(claim.held, work, () => null)), key: key.text };
  const status = 'joined' in claim ? 'success' : 'skipped';
  view.giveWay({ name, params, status, existing: 'joined' in claim ? claim.joined : claim.skipped });
  return resultUnderKey(name, params, startedAtMs, claim);
}

function resultUnderKey(
  name: string,
  params: Record<string, JsonValue>,
  startedAtMs: number,
  claim: Exclude<Claim, { held: unknown }>,
): PipelineResult {
  if ('joined' in claim) {
    const { joined, result } = claim;
    return { ...(result as unknown as PipelineResult), key: joined.key, joined };
  }
  const { skipped } = claim;
  return {
    success: true,
    name,
    params,
    steps: {},
    startTime: new Date(startedAtMs).toISOString(),
    endTime: new Date().toISOString(),
    elapsedMs: Date.now() - startedAtMs,
    key: skipped.key,
    skipped,
  };
}
