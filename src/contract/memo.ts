import type { ExecutionReference } from '../pipeline/definition/definition.js';
import type { TriggerKind } from '../pipeline/definition/trigger-kind.js';
import type { DefinitionSource } from '../pipeline/execution/result.js';
import type { KeyHolder } from '../run/key.js';
import type { PipelineFacts } from './pipeline-facts.js';
import type { ScheduleMark } from './schedules.js';
import type { SensorMark } from './sensor.js';

/** All that we keep in the memos of workflows. */
export interface HexMemo {
  /** Of the child of a pipeline: the name of the pipeline. */
  hexPipeline?: string;
  /** Of the child of a pipeline: its step, `step` or `step/index`. Its input has been rendered already. */
  hexStep?: string;
  /** How many pipelines the child is inside of. */
  hexDepth?: number;
  /** Of a pipeline that began before some rules of inputs existed, and of all that belongs to it: not held to them. */
  hexLenient?: boolean;
  /** Of a pipeline that was started by its name: where the definition came from. */
  hexDefinition?: DefinitionSource;
  /** Of a rerun: the pipeline that it repeats. */
  hexRerunOf?: ExecutionReference | undefined;
  /** Of a pipeline: its name as the start knew it, for lists until a worker has taken it up. */
  hexName?: string;
  /** Of a pipeline where its search attributes are not known: the same facts. */
  hexFacts?: PipelineFacts;
  /** Of a pipeline that is a step: what started the pipeline above. */
  hexTrigger?: TriggerKind;
  /** Of a pipeline: how many of its steps have ended. */
  hexStepsEnded?: number;
  /** Of a schedule that was made from a file, and of each pipeline that it starts. */
  hexSchedule?: ScheduleMark;
  /** Of a `hexSensor`: what it was made from. */
  hexSensor?: SensorMark;
  /** Of a `hexBackfill`: the pipeline. */
  hexBackfillOf?: string;
  /** Of a pipeline that a backfill runs: its workflow. */
  hexBackfill?: string;
  /** Of a `hexKey`: who has the key. */
  hexKeyHolder?: KeyHolder;
  /** Of a `hexLimiter`: whether a request got its permit at once, by the word under which it asked; the newest. */
  hexAnswers?: Record<string, boolean>;
  /** Of a `hexRun` that closed and left its run going on in Hex on purpose: Hex's run id. */
  hexLeftRunning?: string;
}

/** A memo of ours, as Temporal takes it. */
export const memo = (fields: HexMemo): Record<string, unknown> => ({ ...fields });

/** What we keep in the memo of a workflow. */
export const memoOf = (workflow: { memo?: Record<string, unknown> | undefined }): HexMemo =>
  (workflow.memo ?? {}) as HexMemo;

/** The mark of a schedule that was made from a file; null of all others. That of the action is renewed by each apply. */
export function markOf({
  action,
  memo,
}: {
  action: { memo?: Record<string, unknown> };
  memo?: Record<string, unknown>;
}): ScheduleMark | null {
  const hexSchedule = memoOf(action).hexSchedule ?? memoOf({ memo }).hexSchedule;
  return hexSchedule?.managedBy === 'temporal-hex' ? hexSchedule : null;
}

/** The memo of a `hexRun` that left its run in Hex on purpose (`onCancel: leave`, `onTimeout: leave`). */
export const LEFT_MEMO = 'hexLeftRunning' satisfies keyof HexMemo;
