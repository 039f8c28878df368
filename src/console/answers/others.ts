import { inParallel } from '../../base/in-parallel.js';
import { planBackfill } from '../../client/backfills/plan.js';
import type {
  BackfillAnswer,
  BackfillListRow,
  BackfillPlanAnswer,
  BackfillRequest,
  BackfillsAnswer,
  ConnectionsAnswer,
  LineAnswer,
  SchedulesAnswer,
  WorkersAnswer,
} from '../contract.js';
import type { Parts } from '../parts.js';
import { notFound } from '../refusal.js';
import { temporalPage } from '../temporal-page.js';
import { notice } from '../trouble.js';
import { keeperNotice } from './home.js';

const MOST_LISTED = 100;
const AT_ONCE = 5;
const MOST_QUEUES = 20;

const ENDED: Record<string, BackfillListRow['status']> = {
  RUNNING: 'running',
  COMPLETED: 'success',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed_out',
};

export async function backfillsAnswer(parts: Parts): Promise<Omit<BackfillsAnswer, 'at'>> {
  await parts.book.open();
  const listed = parts.book.backfills().slice(0, MOST_LISTED);
  const backfills = await inParallel(
    listed,
    AT_ONCE,
    async ({ status, ...entry }): Promise<BackfillListRow> => {
      const open = status === 'RUNNING';
      const progress = open
        ? await parts.backfills.progress(entry.workflowId, entry.runId, false, parts.taskQueue)
        : null;
      const { runId: _, ...row } = entry;
      return {
        ...row,
        status: progress?.status ?? ENDED[status] ?? 'failed',
        counts: progress?.counts ?? null,
      };
    },
  );
  return { notices: await parts.notices(), backfills };
}

/** Throws `WorkflowNotFoundError` where there is none. */
export async function backfillAnswer(parts: Parts, workflowId: string): Promise<Omit<BackfillAnswer, 'at'>> {
  await Promise.all([parts.book.open(), parts.schedules.open(500)]);
  const described = await parts.reach.note(() => parts.client.workflow.getHandle(workflowId).describe());
  if (described.type !== 'hexBackfill')
    throw notFound(`${workflowId} is a ${described.type}, and no backfill`);
  const { runId, taskQueue, startTime, closeTime } = described;
  const open = described.status.name === 'RUNNING';
  const { progress, partitions, startedBy } = await parts.backfills.look(workflowId, runId, !open, taskQueue);
  const listed = parts.book.backfills().find((one) => one.workflowId === workflowId);
  const pipeline = progress?.pipeline ?? listed?.pipeline ?? null;
  const status = open ? (progress?.status ?? 'running') : (ENDED[described.status.name] ?? 'failed');
  const failed = (progress?.counts.failed ?? 0) > 0;
  const unanswered = notice(
    'no-answer',
    'The backfill does not answer: how its partitions stand is not known.',
    { about: taskQueue },
  );
  return {
    notices: [
      ...(await parts.queues.notices(taskQueue)),
      ...(progress ? [] : [unanswered]),
      ...parts.reach.notices(),
    ],
    ...{ workflowId, runId, pipeline, status, startedBy, progress },
    timezone: parts.schedules.zoneOf(pipeline),
    startedAt: progress?.startedAt ?? startTime.toISOString(),
    endedAt: closeTime?.toISOString() ?? null,
    partitions: partitions?.length === progress?.total ? partitions : null,
    actions: [
      ...(open
        ? [
            status === 'paused' ? ('backfillResume' as const) : ('backfillPause' as const),
            'backfillCancel' as const,
          ]
        : []),
      ...(failed || (!open && status !== 'success' && progress?.total !== 0)
        ? ['backfillRetry' as const]
        : []),
    ],
    temporalUrl: temporalPage(parts.temporalUi, parts.client.options.namespace, workflowId, runId),
  };
}

/** What a backfill would run. Throws `BackfillError` where it cannot be used. */
export async function backfillPlan(
  parts: Parts,
  request: BackfillRequest,
): Promise<Omit<BackfillPlanAnswer, 'at'>> {
  const input = await backfillInput(parts, request);
  const { partitions, ...rest } = await planBackfill(parts.client, parts.taskQueue, input, parts.times);
  return {
    notices: await parts.notices(),
    pipeline: request.pipeline,
    partitions: partitions.map(({ partition, scheduledTime, state, willRun }) => ({
      partition,
      scheduledTime,
      state,
      willRun,
    })),
    ...rest,
  };
}

/** The input of the workflow: with the definition instead of the name, where that is known. */
export async function backfillInput(parts: Parts, request: BackfillRequest) {
  await Promise.all([parts.book.open(), parts.schedules.open(500)]);
  const known = await parts.definitions.of(request.pipeline);
  if (!known)
    throw notFound(
      `Nothing has the definition of "${request.pipeline}": it has no schedule, and no run that Temporal still has`,
    );
  const params = { ...known.params, ...request.params };
  return {
    ...request,
    pipeline: known.definition as never,
    ...(Object.keys(params).length > 0 && { params }),
  };
}

export async function lineAnswer(parts: Parts): Promise<Omit<LineAnswer, 'at'>> {
  await parts.book.open();
  const [lines, own, of] = await Promise.all([parts.lines.line(), parts.notices(), parts.lines.notices()]);
  return { notices: [...own, ...of], lines };
}

export async function connectionsAnswer(parts: Parts): Promise<Omit<ConnectionsAnswer, 'at'>> {
  await parts.book.open();
  const [connections, own, of] = await Promise.all([
    parts.lines.connections(),
    parts.notices(),
    parts.lines.notices(),
  ]);
  return { notices: [...own, ...of], connections };
}

export async function schedulesAnswer(parts: Parts): Promise<Omit<SchedulesAnswer, 'at'>> {
  const { book, schedules } = parts;
  await Promise.all([book.open(), schedules.open()]);
  const rows = schedules.ids.flatMap((id) => schedules.row(id) ?? []);
  const loading = schedules.whole
    ? []
    : [notice('loading', 'The schedules are still being read: what is missing comes by itself.')];
  return { notices: [...(await parts.notices()), ...keeperNotice(parts), ...loading], schedules: rows };
}

export async function workersAnswer(parts: Parts): Promise<Omit<WorkersAnswer, 'at'>> {
  const { book, schedules, taskQueue } = parts;
  await Promise.all([book.open(), schedules.open()]);
  const others = schedules.ids.flatMap((id) => schedules.row(id)?.taskQueue || []);
  const names = [...new Set([taskQueue, ...others])].slice(0, MOST_QUEUES);
  const queues = await inParallel(names, AT_ONCE, (name) => parts.queues.of(name));
  return { notices: await parts.notices(), queues: queues.filter((one) => one !== null) };
}
