import type { WorkflowExecutionInfo } from '@temporalio/client';
import { memoOf } from '../contract/memo.js';
import { scheduledStartAttribute, searchAttributes } from '../contract/search-attributes.js';
import { type TriggerKind, triggerKindOf } from '../pipeline/definition/trigger-kind.js';
import type { ListedStatus } from './query.js';

/** One execution of a pipeline, or a run that was started by itself. */
export interface ListedPipeline {
  kind: 'pipeline' | 'run';
  /** Of a run, Hex's id of its project; null of a pipeline, and while it has not started in Hex. */
  projectId: string | null;
  /** Null of a run, and where neither search attributes nor a memo say it, as of one that was refused at its start. */
  pipeline: string | null;
  /** Id of the workflow. */
  workflowId: string;
  /** Its workers ask this task queue for work. */
  taskQueue: string;
  /** Run id of this execution: a UUID of Temporal, not a run in Hex. */
  runId: string;
  /** `terminated` and `timed_out` are Temporal's own ends. A run is never `queued`, `waiting`, `paused` or `skipped`. */
  status: ListedStatus;
  /** ISO 8601, UTC. */
  scheduledTime: string;
  /** Null without a schedule. */
  partition: string | null;
  /** What started it; null where that is not known. */
  trigger: TriggerKind | null;
  /** Who is responsible; null where the definition does not say. */
  owner: string | null;
  /** Words of the definition to find it by; empty where it has none. */
  tags: string[];
  /** ISO 8601, UTC. */
  startedAt: string;
  /** ISO 8601, UTC; null while it runs. */
  endedAt: string | null;
  /** From start to end, or up to now while it runs, in ms. */
  durationMs: number;
  /** Beside the earlier successes of the pipeline; null when there are none. */
  trend: Trend | null;
}

/** The same without a comparison. */
export type ExecutionRow = Omit<ListedPipeline, 'trend'>;

/** How long an execution takes beside earlier ones. */
export interface Trend {
  /** Median duration of the earlier successes, at most 20 of them. */
  medianMs: number;
  /** How many these are. */
  of: number;
  /** How much longer it takes, in percent of the median; negative when it is shorter. */
  percent: number;
}

/** What Temporal's list says of an execution: from our search attributes, else from its memo. */
export function rowOf(info: Omit<WorkflowExecutionInfo, 'raw'>, nowMs: number): ExecutionRow {
  const { typedSearchAttributes: attributes, startTime, closeTime } = info;
  const { hexFacts, hexSchedule, hexDefinition, hexRerunOf, hexName = null } = memoOf(info);
  const scheduled = attributes.get(scheduledStartAttribute);
  const named = hexFacts?.name ?? hexSchedule?.name ?? hexDefinition?.name ?? hexName;
  const guessed = hexRerunOf ? 'rerun' : scheduled ? 'schedule' : null;
  const kind = info.type === 'hexRun' ? 'run' : 'pipeline';
  return {
    kind,
    projectId: kind === 'run' ? (attributes.get(searchAttributes.projectId) ?? null) : null,
    pipeline: attributes.get(searchAttributes.pipeline) ?? named,
    workflowId: info.workflowId,
    taskQueue: info.taskQueue,
    runId: info.runId,
    status: statusOf(info),
    scheduledTime:
      attributes.get(searchAttributes.scheduledTime)?.toISOString() ??
      hexFacts?.scheduledTime ??
      (scheduled ?? startTime).toISOString(),
    partition: attributes.get(searchAttributes.partition) ?? hexFacts?.partition ?? null,
    trigger: triggerKindOf(attributes.get(searchAttributes.trigger)) ?? hexFacts?.trigger ?? guessed,
    owner: attributes.get(searchAttributes.owner) ?? hexFacts?.owner ?? null,
    tags: attributes.get(searchAttributes.tags) ?? hexFacts?.tags ?? [],
    startedAt: startTime.toISOString(),
    endedAt: closeTime?.toISOString() ?? null,
    durationMs: (closeTime?.getTime() ?? nowMs) - startTime.getTime(),
  };
}

/** What only our own attribute says of one that is open. */
const LIVE: readonly ListedStatus[] = ['queued', 'waiting', 'paused'];

/** Temporal's word counts once it is closed: a terminated workflow could not say so itself. */
function statusOf(info: Omit<WorkflowExecutionInfo, 'raw'>): ListedStatus {
  const { hexFacts } = memoOf(info);
  const own = info.typedSearchAttributes.get(searchAttributes.status) ?? hexFacts?.status;
  switch (info.status.name) {
    case 'COMPLETED':
      return own === 'skipped' || hexFacts?.skipped ? 'skipped' : 'success';
    case 'FAILED':
      return 'failed';
    case 'CANCELLED':
      return 'cancelled';
    case 'TERMINATED':
      return 'terminated';
    case 'TIMED_OUT':
      return 'timed_out';
    default:
      return LIVE.find((status) => status === own) ?? 'running';
  }
}
