import { activityInfo } from '@temporalio/activity';
import {
  CancelledFailure,
  type WorkflowClient,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { JsonValue } from '../base/json.js';
import { typedFailure } from '../contract/failure.js';
import { memoOf } from '../contract/memo.js';
import { doubtKeySignal } from '../contract/messages.js';
import type { FailureType } from '../run/failure-types.js';
import type { KeyHolder, KeyRecord } from '../run/key.js';
import { isOpen } from './check-holders.js';
import type { ActivityDependencies } from './dependencies.js';

/** Who has a key. `free`: nobody has, or who had it has gone; claim it again. */
export type KeyState =
  | { state: 'running'; holder: KeyHolder }
  | { state: 'succeeded'; holder: KeyRecord }
  | { state: 'free' };

/** How a workflow that somebody joined has ended; null while it is open. */
export type JoinedEnd =
  | { result: JsonValue }
  | { failure: { type: FailureType; message: string; details: unknown } }
  | null;

/** Where the keys of a worker are. */
export interface KeySpace {
  /** Keys are told apart by it. A replay of the workflow alone would not know it. */
  taskQueue: string;
  /** Whether workflows may be found by their key. */
  searchable: boolean;
}

/** Where the keys of this worker are. */
export const keySpace =
  ({ keyAttribute = false }: ActivityDependencies) =>
  async (): Promise<KeySpace> => ({ taskQueue: activityInfo().taskQueue, searchable: keyAttribute });

/** Who has the key that the `hexKey` workflow of this id stands for. */
export const findKeyHolder =
  (dependencies: ActivityDependencies) =>
  async ({ keyId }: { keyId: string }): Promise<KeyState> => {
    const workflows = clientOf(dependencies);
    const handle = workflows.getHandle(keyId);
    try {
      const description = await handle.describe();
      const { status, runId } = description;
      if (status.name === 'COMPLETED')
        return { state: 'succeeded', holder: await workflows.getHandle(keyId, runId).result() };
      const { hexKeyHolder: holder } = memoOf(description);
      if (status.name !== 'RUNNING' || !holder) return { state: 'free' };
      if (await stillOpen(dependencies, holder)) return { state: 'running', holder };
      await handle.signal(doubtKeySignal);
      return { state: 'free' };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { state: 'free' };
      throw error;
    }
  };

/** The run ids of those holders of a key that are still open. */
export const openHolders =
  (dependencies: ActivityDependencies) =>
  async (holders: KeyHolder[]): Promise<string[]> => {
    clientOf(dependencies);
    const there: string[] = [];
    for (const holder of holders) {
      if (await stillOpen(dependencies, holder)) there.push(holder.runId);
    }
    return there;
  };

/** How the workflow that has a key has ended. */
export const readJoined =
  (dependencies: ActivityDependencies) =>
  async (holder: KeyHolder): Promise<JoinedEnd> => {
    const workflows = clientOf(dependencies);
    if (await stillOpen(dependencies, holder)) return null;
    try {
      return { result: (await workflows.getHandle(holder.workflowId, holder.runId).result()) as JsonValue };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return { failure: failureOf(error, holder) };
    }
  };

function stillOpen(dependencies: ActivityDependencies, { workflowId, runId }: KeyHolder): Promise<boolean> {
  return isOpen(dependencies, { workflowId, workflowRunId: runId });
}

function failureOf(
  { cause }: WorkflowFailedError,
  { workflowId }: KeyHolder,
): { type: FailureType; message: string; details: unknown } {
  const who = `The workflow ${workflowId}, which has the key and was joined,`;
  if (cause instanceof ApplicationFailure) {
    const { type, details, message } = cause;
    return {
      // Who has a key is a workflow of ours.
      type: (type ?? 'JoinedFailed') as FailureType,
      message: `${who} failed: ${message}`,
      details: details?.[0] ?? null,
    };
  }
  const end = cause instanceof CancelledFailure ? 'was cancelled' : `ended: ${cause?.message ?? 'failed'}`;
  return { type: 'JoinedFailed', message: `${who} ${end}`, details: null };
}

function clientOf({ workflows }: ActivityDependencies): WorkflowClient {
  if (workflows) return workflows;
  throw typedFailure({
    type: 'InvalidInput',
    message:
      'A key needs a Temporal client in the activities of the worker: make them from hexDependencies()',
    nonRetryable: true,
  });
}
