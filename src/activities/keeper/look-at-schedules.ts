import { activityInfo, log } from '@temporalio/activity';
import type { ScheduleClient, ScheduleOptions, WorkflowClient } from '@temporalio/client';
import { formatDuration } from '../../base/duration.js';
import { inParallel } from '../../base/in-parallel.js';
import { typedFailure } from '../../contract/failure.js';
import type { KeptSchedule, ScheduleWatch } from '../../contract/keeper.js';
import { SCHEDULED_TYPES } from '../../contract/schedules.js';
import { lenient } from '../../executions/lenient.js';
import type { NotificationRequest } from '../../notifications/notification.js';
import { type KeeperEvent, wantedBy } from '../../run/notify.js';
import {
  fillCommand,
  filledText,
  freshSince,
  type Gap,
  type GapWords,
  gapText,
  judgeStarts,
  leftToOthers,
  type MissedNews,
  MOST_KEPT,
  needsRenewal,
  newStartWatch,
  nextLookAt,
  temporalSpec,
} from '../../schedule/index.js';
import type { ActivityDependencies } from '../dependencies.js';
import { deadlinesOf } from './deadlines.js';
import { lookAtDone } from './done.js';
import { lookAtFreshness } from './freshness.js';
import { type OtherQueues, otherQueues } from './other-queues.js';
import { ranOtherwise } from './ran-otherwise.js';
import { startedOf } from './started.js';
import { meantStarts, nameOfStart, nextStart, readSubject, type Subject, workflowIdOf } from './subject.js';

/** What the keeper asks for. */
export interface LookRequest {
  schedules: string[];
  /** What is known of those that are known. */
  watches: Record<string, ScheduleWatch>;
  /** Nothing before this is expected of a schedule. */
  sinceMs: number;
}

export interface LookReport {
  /** What is known now; null of a schedule that is gone, or not ours to watch. */
  watches: Record<string, ScheduleWatch | null>;
  /** What is to be told, to whom. */
  notifications: (Omit<NotificationRequest, 'to'> & { to: string[] })[];
}

const AT_ONCE = 10;
/** Of a long outage, so many starts at a time. */
const MOST_STARTS = 200;
const AFTER_FAILURE_MS = 15_000;
const WHILE_STALE_MS = 60_000;
const DAY_MS = 86_400_000;

interface Rig {
  dependencies: ActivityDependencies;
  schedules: ScheduleClient;
  workflows: WorkflowClient;
  queues: OtherQueues;
}

/** Ids of all schedules that start pipelines or runs. */
export const listSchedules = (dependencies: ActivityDependencies) => async (): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { scheduleId, action } of lenient(temporalOf(dependencies).schedules).list()) {
    if (SCHEDULED_TYPES.includes(action?.workflowType ?? '')) ids.push(scheduleId);
  }
  return ids;
};

/** Compares what schedules mean with what was started. Asks Temporal only. */
export const lookAtSchedules =
  (dependencies: ActivityDependencies) =>
  async ({ schedules: ids, watches, sinceMs }: LookRequest): Promise<LookReport> => {
    const { schedules, workflows } = temporalOf(dependencies);
    const queues = otherQueues(workflows, activityInfo().taskQueue);
    const rig = { dependencies, schedules, workflows, queues };
    const report: LookReport = { watches: {}, notifications: [] };
    await inParallel(ids, AT_ONCE, async (id) => {
      const before = watches[id] ?? null;
      try {
        const looked = await lookAt(rig, id, before, sinceMs);
        report.watches[id] = looked?.watch ?? null;
        report.notifications.push(...(looked?.notifications ?? []));
      } catch (error) {
        log.warn('A schedule could not be looked at', { schedule: id, error: String(error) });
        if (before) report.watches[id] = { ...before, nextMs: Date.now() + AFTER_FAILURE_MS };
      }
    });
    return report;
  };

function temporalOf({ schedules, workflows }: ActivityDependencies) {
  if (schedules && workflows) return { schedules, workflows };
  throw typedFailure({
    type: 'InvalidInput',
    message:
      'The activities of this worker were made without "schedules" and "workflows", by which hexKeeper sees what is started',
    nonRetryable: true,
  });
}

interface Looked {
  watch: ScheduleWatch;
  notifications: LookReport['notifications'];
}

async function lookAt(
  rig: Rig,
  id: string,
  before: ScheduleWatch | null,
  sinceMs: number,
): Promise<Looked | null> {
  const subject = await readSubject(rig.schedules, rig.dependencies, id);
  if (!subject || !SCHEDULED_TYPES.includes(subject.described.action.workflowType)) return null;
  if (!(await rig.queues.isOurs(subject.described.action.taskQueue, before !== null))) return null;
  const now = Date.now();
  const judged = await judge(rig, subject, before, sinceMs, now);
  // What is not known of these must not hold up the news of starts.
  const fresh = await lookAtFreshness(rig.workflows, subject, before, now).catch((error: unknown) => {
    log.warn('The freshness of a pipeline could not be looked at', { schedule: id, error: String(error) });
    return before?.fresh ? { watch: before.fresh, news: null } : null;
  });
  const words = wordsOf(rig, subject);
  const done = await lookAtDone(rig.workflows, subject, before, now).catch((error: unknown) => {
    log.warn('What has succeeded could not be looked for', { schedule: id, error: String(error) });
    return before?.done ?? null;
  });
  const notifications: LookReport['notifications'] = judged.news.map((news) =>
    notificationOf(rig, subject, words, news),
  );
  const deadlines = deadlinesOf(subject, judged.watch, before?.lookedMs ?? now, now);
  notifications.push(...deadlines.passed.map((at) => deadlineNotification(subject, at)));
  if (fresh?.news) notifications.push(freshnessNotification(rig, subject, fresh.news, fresh.watch, now));
  const renewedBefore = before?.renewedMs ?? 0;
  const renewedMs = await renew(rig, subject, renewedBefore, now).catch((error: unknown) => {
    log.warn('The times of a schedule could not be renewed', { schedule: id, error: String(error) });
    return renewedBefore;
  });
  const staleAt = fresh && freshSince(fresh.watch) + (subject.spec?.freshWithinMs ?? 0) + 1;
  const times = [
    now + DAY_MS,
    deadlines.nextMs,
    nextLookAt(judged.watch, { ...subject, now }, nextStart(subject, judged.watch.seenMs)),
    ...(staleAt === null ? [] : [fresh?.watch.stale ? now + WHILE_STALE_MS : staleAt]),
  ];
  return {
    watch: {
      starts: judged.watch,
      times: subject.times,
      fresh: fresh?.watch ?? null,
      done: done ?? null,
      actions: judged.actions,
      lookedMs: now,
      nextMs: Math.min(...times),
      renewedMs,
      shown: shownOf(judged.watch.gaps, words, fresh?.watch ?? null),
    },
    notifications,
  };
}

async function judge(
  { schedules, workflows }: Rig,
  subject: Subject,
  before: ScheduleWatch | null,
  sinceMs: number,
  now: number,
) {
  const { described, dropped, paused, jitterMs, lateAfterMs } = subject;
  const { createdAt, lastUpdatedAt = createdAt, numActionsTaken } = described.info;
  const known = before?.starts ?? newStartWatch(sinceMs, dropped, paused);
  const changed = before !== null && before.times !== subject.times;
  const from = Math.max(known.seenMs + 1, changed ? lastUpdatedAt.getTime() : createdAt.getTime());
  const { meant, upTo } = await meantStarts(workflows, subject, from, now, MOST_STARTS);
  const missing = known.gaps.flatMap((gap) => gap.missing);
  // Nothing new has been started by the schedule.
  const gaps = before?.actions === numActionsTaken ? [] : missing;
  const asked = new Map([...known.open, ...meant, ...gaps].map((at) => [workflowIdOf(subject, at), at]));
  const isPast = (id: string) => now > (asked.get(id) ?? now) + jitterMs + lateAfterMs;
  const found = await startedOf(workflows, [...asked.keys()], isPast);
  const started = new Map([...found].map(([id, one]) => [asked.get(id) ?? 0, one]));
  const given = leftToOthers(known, { ...subject, now }).filter((at) => !started.has(at));
  const otherwise = await ranOtherwise(workflows, subject, given).catch((error: unknown) => {
    log.warn('The runs of partitions could not be looked at', { schedule: subject.id, error: String(error) });
    return [];
  });
  for (const at of otherwise) started.set(at, { startedMs: now, begunMs: now });
  const judged = judgeStarts(known, {
    ...subject,
    now,
    meant,
    upTo,
    started,
    lookedMs: before?.lookedMs ?? null,
  });
  if (subject.schedule?.onMissed === 'run' && judged.toRun.length > 0) {
    const overlap = subject.schedule.overlap === 'allow_all' ? 'ALLOW_ALL' : 'BUFFER_ALL';
    // By Temporal, under the ids that it would have given. One by one: in a range it would repeat a start that has ended.
    await schedules.getHandle(subject.id).backfill(
      judged.toRun.map((at) => ({
        start: new Date(at),
        end: new Date(Math.min(at + jitterMs, (nextStart(subject, at) ?? Infinity) - 1_000)),
        overlap,
      })),
    );
  }
  const begun = [...started.values()].every(({ begunMs }) => begunMs !== null);
  return { ...judged, actions: begun ? numActionsTaken : null };
}

/** Gives Temporal the starts near clock changes anew, while those of the coming year are not all there. Once a day at most. */
async function renew(
  { schedules }: Rig,
  { id, schedule, described }: Subject,
  renewedMs: number,
  now: number,
): Promise<number> {
  const intervals = described.spec.intervals?.map(({ every }) => Number(every)) ?? [];
  if (!schedule || now - renewedMs < DAY_MS || !needsRenewal(schedule, intervals, now)) return renewedMs;
  const since = Date.UTC(new Date(now).getUTCFullYear(), 0, 1);
  await schedules.getHandle(id).update(({ action, policies, state: { remainingActions: _, ...state } }) => ({
    spec: temporalSpec(schedule, since) as ScheduleOptions['spec'],
    action,
    policies,
    state,
  }));
  return now;
}

function wordsOf({ workflows }: Rig, subject: Subject): GapWords {
  const { namespace } = workflows.options;
  return {
    ...subject,
    schedule: subject.id,
    namespace: namespace === 'default' ? null : namespace,
    taskQueue: subject.described.action.taskQueue,
    nameOf: (at) => nameOfStart(subject, at),
    runs: subject.schedule?.onMissed === 'run',
  };
}

function notificationOf(rig: Rig, subject: Subject, words: GapWords, { event, gap }: MissedNews) {
  const text = event === 'filled' ? filledText(gap, words) : gapText(gap, words);
  const key = `${subject.id}/${gap.kind}/${new Date(gap.first).toISOString()}`;
  return { ...addressed(rig, subject, event), text, gap: key };
}

function freshnessNotification(
  rig: Rig,
  subject: Subject,
  event: 'stale' | 'fresh',
  watch: Parameters<typeof freshSince>[0],
  now: number,
) {
  const { newest } = watch;
  const age = newest
    ? `the newest partition (${nameOfStart(subject, newest.at)}) last succeeded ${formatDuration(now - newest.succeededMs)} ago`
    : `it has not succeeded since ${new Date(watch.sinceMs).toISOString()}`;
  const limit = formatDuration(subject.spec?.freshWithinMs ?? 0);
  const text =
    event === 'stale' ? `No longer fresh: ${age}, and freshWithin is ${limit}` : `Fresh again: ${age}`;
  return { ...addressed(rig, subject, event), text };
}

/** To those whom the pipeline names for its deadline, as while it runs. */
function deadlineNotification(subject: Subject, at: number) {
  const { id, spec, schedule } = subject;
  const zone = schedule?.timezone ?? 'UTC';
  return {
    to: wantedBy(spec?.notify ?? [], 'deadline'),
    event: 'deadline' as const,
    schedule: id,
    ...(spec && { pipeline: spec.name }),
    text: `Pipeline "${spec?.name ?? id}" has not started for ${nameOfStart(subject, at)}, and its deadline was ${spec?.deadlineAt} (${zone})`,
  };
}

/** To the operators, and to those whom the pipeline names. */
function addressed({ dependencies }: Rig, { id, spec }: Subject, event: KeeperEvent) {
  const to = [...(dependencies.alerts ?? []), ...wantedBy(spec?.notify ?? [], event)];
  return { to: [...new Set(to)], event, schedule: id, ...(spec && { pipeline: spec.name }) };
}

function shownOf(gaps: readonly Gap[], words: GapWords, fresh: ScheduleWatch['fresh']): KeptSchedule {
  return {
    missedStarts: gaps.map((gap) => ({
      kind: gap.kind,
      from: words.nameOf(gap.missing[0] ?? gap.first),
      to: words.nameOf(gap.last),
      count: gap.missing.length < MOST_KEPT ? gap.missing.length : gap.count,
      fill: fillCommand(gap, words),
    })),
    freshness: fresh && {
      lastSuccess: fresh.newest ? new Date(fresh.newest.succeededMs).toISOString() : null,
      stale: fresh.stale,
    },
  };
}
