import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  type ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  patched,
  proxyLocalActivities,
  sleep,
  startChild,
  TemporalFailure,
  upsertSearchAttributes,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import type { HexActivities } from '../../activities/index.js';
import { formatDuration } from '../../base/duration.js';
import type { JsonValue } from '../../base/json.js';
import { typedFailure } from '../../contract/failure.js';
import { keyId as idOfKey } from '../../contract/ids.js';
import { memo } from '../../contract/memo.js';
import { holdKeySignal, releaseKeySignal } from '../../contract/messages.js';
import { searchAttributes } from '../../contract/search-attributes.js';
import type { ExistingKey, IfExists, KeyHolder, KeyRecord, KeySpec } from '../../run/key.js';
import { DEFAULT_POLL, pollIntervalMs } from '../../run/poll-interval.js';
import type { hexKey } from '../hex-key.js';

/** Local activities: a look at a workflow, cheap and safe to repeat. */
const { keySpace, findKeyHolder, readJoined } = proxyLocalActivities<HexActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { maximumInterval: '10 seconds' },
});

/** A key that this workflow has. Plain data, since continue-as-new carries it. */
export interface HeldKey {
  /** Id of the `hexKey` workflow that stands for it. */
  keyId: string;
  holder: KeyHolder;
}

/** What came of a claim. */
export type Claim =
  | { held: HeldKey }
  | { skipped: ExistingKey; record: KeyRecord | null }
  | { joined: ExistingKey; result: JsonValue };

/** Who asks for a key. */
export interface ClaimOptions {
  /** What is started; each has keys of its own. */
  kind: 'run' | 'pipeline';
  key: KeySpec;
  /** The id of the project, or the name of the pipeline. */
  of: string;
  /** A rerun takes the key over from one that has ended, however that ended. Default false. */
  rerun?: boolean;
  /** Told whom it waits for. */
  onJoin: (existing: ExistingKey) => void;
  /** How long it waits for the other, in ms: as long as a start of its own might take. Null for no limit. */
  joinLimitMs: number | null;
}

/**
 * Takes a key, or does what `ifExists` says where another workflow has it. Two claims at the same moment cannot both
 * win: a key is the id of a workflow, `hexKey`, and the server starts an id once.
 *
 * Fails with `KeyExists` for `ifExists: fail`, and where the key belongs to another project or pipeline; with
 * `JoinTimedOut` where the other one takes too long.
 */
export async function claimKey(options: ClaimOptions): Promise<Claim> {
  const { key, kind, of } = options;
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const holder: KeyHolder = { workflowId, runId: firstExecutionRunId, of };
  const { taskQueue, searchable } = await keySpace();
  const keyId = idOfKey(kind, taskQueue, key.text);
  if (searchable) upsertSearchAttributes([{ key: searchAttributes.key, value: key.text }]);
  const ifExists = options.rerun && key.ifExists !== 'run' ? 'fail' : key.ifExists;
  const anew = ifExists === 'run' || options.rerun === true;
  for (let waitMs = 100; ; waitMs = Math.min(5_000, waitMs * 2)) {
    if (await startKey(keyId, key.text, holder, anew)) return { held: { keyId, holder } };
    const found = await findKeyHolder({ keyId });
    if (found.state !== 'free') {
      const { state } = found;
      if (ifExists !== 'run') return await giveWay(options, ifExists, found.holder, state);
      if (await signalled(() => getExternalWorkflowHandle(keyId).signal(holdKeySignal, holder)))
        return { held: { keyId, holder } };
    }
    await sleep(waitMs, { summary: `Until the key ${key.text} is free` });
  }
}

/** Gives a key back; `hexRun` and `record` only where the workflow has succeeded. */
export async function releaseKey({ keyId, holder }: HeldKey, record: KeyRecord | null): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    signalled(() =>
      getExternalWorkflowHandle(keyId).signal(releaseKeySignal, { runId: holder.runId, record }),
    ),
  );
}

/** Does the work of who has a key, and tells its end. */
export async function withKey<T>(
  key: HeldKey,
  work: () => Promise<T>,
  hexRunOf: (result: T) => KeyRecord['hexRun'],
): Promise<T> {
  try {
    const result = await work();
    await releaseKey(key, { ...key.holder, hexRun: hexRunOf(result) });
    return result;
  } catch (error) {
    // Neither a bug in this package nor a continue-as-new is an end.
    if (error instanceof TemporalFailure) await releaseKey(key, null);
    throw error;
  }
}

/** False when the key is in use, or somebody has succeeded with it and it is not to be taken anew. */
async function startKey(keyId: string, key: string, holder: KeyHolder, anew: boolean): Promise<boolean> {
  try {
    await startChild<typeof hexKey>('hexKey', {
      workflowId: keyId,
      workflowIdReusePolicy: anew
        ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
        : WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      args: [{ key, holders: [holder] }],
      memo: memo({ hexKeyHolder: holder }),
      // It outlives a continue-as-new of its parent.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: `Key ${key}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

async function giveWay(
  { key, of, kind, onJoin, joinLimitMs }: ClaimOptions,
  ifExists: Exclude<IfExists, 'run'>,
  holder: KeyHolder | KeyRecord,
  state: ExistingKey['state'],
): Promise<Claim> {
  const { workflowId, runId } = holder;
  const existing: ExistingKey = { key: key.text, workflowId, runId, state };
  const has = state === 'running' ? 'is running' : 'has succeeded';
  if (holder.of !== of)
    throw keyExists(
      existing,
      `The key "${key.text}" belongs to ${kind === 'run' ? 'project' : 'pipeline'} ${holder.of}, of which ${workflowId} ${has}, and not to ${of}`,
      'Give each its own keys: put its name into the key.',
    );
  if (ifExists === 'fail')
    throw keyExists(
      existing,
      `With the key "${key.text}", ${workflowId} ${has}`,
      'Nothing was started. "ifExists": "run" starts it anyway; "skip" and "join" use the other one.',
    );
  if (ifExists === 'skip') return { skipped: existing, record: 'hexRun' in holder ? holder : null };
  onJoin(existing);
  return { joined: existing, result: await endOf(holder, existing, joinLimitMs) };
}

/** Waits for the end of the workflow that has the key. */
async function endOf(
  holder: KeyHolder,
  existing: ExistingKey,
  joinLimitMs: number | null,
): Promise<JsonValue> {
  const beganAtMs = Date.now();
  const limitMs = joinLimitMs !== null && patched('joins-have-a-limit') ? joinLimitMs : Infinity;
  for (;;) {
    const end = await readJoined(holder);
    if (end && 'result' in end) return end.result;
    if (end) {
      const { type, message, details } = end.failure;
      throw typedFailure({ type, message, nonRetryable: true, details: [details] });
    }
    const waitedMs = Date.now() - beganAtMs;
    if (waitedMs >= limitMs) throw joinTimedOut(existing, limitMs);
    await sleep(Math.min(pollIntervalMs(waitedMs, DEFAULT_POLL), limitMs - waitedMs), {
      summary: `Until ${holder.workflowId} has ended`,
    });
  }
}

function keyExists(existing: ExistingKey, message: string, hint: string): ApplicationFailure {
  return typedFailure({
    type: 'KeyExists',
    message: `${message}. ${hint}`,
    nonRetryable: true,
    details: [{ ...existing, hint }],
  });
}

function joinTimedOut(existing: ExistingKey, limitMs: number): ApplicationFailure {
  const { key, workflowId } = existing;
  const hint = 'Look at that workflow, or give this one more time.';
  return typedFailure({
    type: 'JoinTimedOut',
    message: `${workflowId}, which has the key "${key}", did not end within ${formatDuration(limitMs)}. ${hint}`,
    nonRetryable: true,
    details: [{ ...existing, hint }],
  });
}

/** False when there is no such workflow any more. */
async function signalled(send: () => Promise<void>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    return false;
  }
}
