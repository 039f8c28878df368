import { createHash } from 'node:crypto';
import {
  type ScheduleClient,
  type ScheduleDescription,
  ScheduleNotFoundError,
  type WorkflowClient,
} from '@temporalio/client';
import { timestampMs } from '../../base/timestamp.js';
import { scheduledWorkflowId } from '../../contract/ids.js';
import { markOf } from '../../contract/memo.js';
import { parsePipelineInput } from '../../pipeline/boundary.js';
import type { PipelineSpec } from '../../pipeline/definition/spec.js';
import {
  type Dropped,
  occurrenceAt,
  occurrences,
  occurrenceUpTo,
  type ScheduleSpec,
} from '../../schedule/index.js';
import type { ActivityDependencies } from '../dependencies.js';
import { loadSpec } from '../load-pipeline.js';

/** How late a start of a schedule made by hand may be. */
const LATE_AFTER_MS = 60_000;
/** As many as Temporal remembers of what it started. */
const RECENT = 10;

/** A schedule as the keeper looks at it. */
export interface Subject {
  id: string;
  described: ScheduleDescription;
  /** Null where it starts no pipeline, or one that cannot be read. */
  spec: PipelineSpec | null;
  /** What its file means; null for a schedule made by hand, where Temporal says what is meant. */
  schedule: ScheduleSpec | null;
  /** Stands for the times that it means. */
  times: string;
  jitterMs: number;
  lateAfterMs: number;
  catchupMs: number;
  dropped: Dropped;
  paused: boolean;
  /** Whether starts wait for a run to end. */
  waiting: boolean;
}

/** Reads a schedule; null where there is none. */
export async function readSubject(
  schedules: ScheduleClient,
  dependencies: ActivityDependencies,
  id: string,
): Promise<Subject | null> {
  const described = await schedules
    .getHandle(id)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof ScheduleNotFoundError) return null;
      throw error;
    });
  if (!described) return null;
  const { action, policies, state, info, raw } = described;
  const spec = action.workflowType === 'hexPipeline' ? await specOf(dependencies, action.args?.[0]) : null;
  const schedule = markOf(described) ? (spec?.schedule ?? null) : null;
  const { timezone, times, startAt, endAt } = schedule ?? {};
  return {
    id,
    described,
    spec,
    schedule,
    times: shortHash(schedule ? { timezone, times, startAt, endAt } : raw.schedule?.spec),
    jitterMs: schedule?.jitterMs ?? Number(described.spec.jitter ?? 0),
    lateAfterMs: schedule?.lateAfterMs ?? LATE_AFTER_MS,
    catchupMs: policies.catchupWindow,
    dropped: {
      catchup: info.numActionsMissedCatchupWindow,
      overlap: info.numActionsSkippedOverlap,
      buffer: Number(raw.info?.bufferDropped ?? 0),
    },
    paused: state.paused || state.remainingActions === 0,
    waiting: Number(raw.info?.bufferSize ?? 0) > 0,
  };
}

/** The pipeline that an input of `hexPipeline` means, as far as that can be read. */
async function specOf(dependencies: ActivityDependencies, input: unknown): Promise<PipelineSpec | null> {
  const parsed = parsePipelineInput(input);
  if (!parsed.ok) return null;
  const { spec, load } = parsed.value;
  if (spec || load === null) return spec;
  const read = await loadSpec(dependencies)(load).catch(() => null);
  return read?.ok ? { ...read.value, name: load } : null;
}

/**
 * Starts that are meant from an instant to another, both inclusive, and up to where that is all: as the file of the schedule
 * says, else as Temporal says, whose times include the jitter.
 */
export async function meantStarts(
  { workflowService, options }: WorkflowClient,
  { id, schedule, jitterMs, described }: Subject,
  from: number,
  to: number,
  most: number,
): Promise<{ meant: number[]; upTo: number }> {
  if (from > to) return { meant: [], upTo: to };
  const found: number[] = [];
  if (schedule) {
    for (const { scheduledTime } of occurrences(schedule, from, to)) {
      if (found.push(Date.parse(scheduledTime)) >= most) break;
    }
  } else {
    const { startTime } = await workflowService.listScheduleMatchingTimes({
      namespace: options.namespace,
      scheduleId: id,
      // The server leaves the first instant out.
      startTime: timestamp(from - 1_000),
      endTime: timestamp(to),
    });
    found.push(...(startTime ?? []).map(timestampMs));
  }
  const { recentActions } = described.info;
  // By their jittered time, those that are older cannot be told from one another.
  const known =
    !schedule && jitterMs > 0 && recentActions.length >= RECENT ? recentActions[0]?.scheduledAt : null;
  const meant = found
    .filter((at) => at >= Math.max(from, known?.getTime() ?? from) && at <= to)
    .slice(0, most);
  return { meant, upTo: found.length >= most ? (meant.at(-1) ?? to) : to };
}

const timestamp = (instant: number) => ({ seconds: Math.floor(instant / 1_000) as never, nanos: 0 });

/** The id of the workflow that a start makes. */
export function workflowIdOf({ schedule, jitterMs, described }: Subject, at: number): string {
  const { action, info } = described;
  const taken =
    !schedule && jitterMs > 0 && info.recentActions.find(({ scheduledAt }) => scheduledAt.getTime() === at);
  if (taken) return taken.action.workflow.workflowId;
  return scheduledWorkflowId(action.workflowId, new Date(at).toISOString());
}

/** The next start after an instant, or null. */
export function nextStart({ schedule, described }: Subject, after: number): number | null {
  if (!schedule)
    return described.info.nextActionTimes.find((time) => time.getTime() > after)?.getTime() ?? null;
  for (const { scheduledTime } of occurrences(schedule, after + 1)) return Date.parse(scheduledTime);
  return null;
}

/** What a start is called: its partition, or its time where the schedule was made by hand. */
export function nameOfStart({ schedule }: Subject, at: number): string {
  const meant = schedule && occurrenceAt(schedule, at);
  if (meant) return meant.partition;
  return new Date(at).toISOString().replace('.000', '');
}

/** The start that a run of this time belongs to: one by hand, in between, is about the newest interval. */
export function startOf({ spec }: Subject, time: number): number {
  const meant = spec?.schedule && occurrenceUpTo(spec.schedule, time);
  return meant ? Date.parse(meant.scheduledTime) : time;
}

const shortHash = (value: unknown) =>
  createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex')
    .slice(0, 12);
