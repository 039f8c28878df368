import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { TemporalHexClient } from '../src/client.js';
import { scheduledWorkflowId } from '../src/contract/ids.js';
import type { PipelineDefinition } from '../src/pipeline/definition/definition.js';
import type { Fault } from '../src/sandbox/index.js';
import { newestStarts, occurrenceOn, parseSchedule } from '../src/schedule/index.js';
import type { MeantDate } from './dates.js';
import { faultsOf } from './faults.js';
import type { Random } from './random.js';
import { type PlannedSchedule, STEP, scheduledStep } from './schedules.js';
import { patiently } from './server.js';

const DATES = 60;
const MAX_ACTIVE = 3;
/** How long one of them is paused, at about a third of its dates. */
const PAUSED_MS = 10_000;
const PROJECT = 'project-of-backfilled';
/** How long its runs live, ms. */
export const BACKFILLED_DURATIONS = { [PROJECT]: 500 };

/** Dates that backfills run. */
export interface BackfilledDates {
  definition: PipelineDefinition & { name: string };
  /** From the first to the last, the keys of the partitions. */
  partitions: string[];
  dates: MeantDate[];
  /** How many backfills run these dates at the same time. */
  backfills: number;
  /** At most so many of these dates may run at once. */
  most: number;
}

/** Two backfills over the past dates of a schedule that fires on, and one over those of a pipeline that nothing else starts. */
export function planBackfills(
  schedules: readonly PlannedSchedule[],
  connections: readonly string[],
  now: number,
): BackfilledDates[] {
  const [connection = ''] = connections;
  const alone: PlannedSchedule = {
    definition: {
      name: 'backfilled',
      schedule: { every: '1m' },
      steps: [scheduledStep(PROJECT, connection)],
    },
    overlap: 'allow_all',
    projectId: PROJECT,
  };
  const contested = schedules.find(({ overlap }) => overlap === 'allow_all');
  return [...(contested ? [datesOf(contested, 2, now)] : []), datesOf(alone, 1, now)];
}

function datesOf(
  { definition, projectId }: PlannedSchedule,
  backfills: number,
  now: number,
): BackfilledDates {
  const rhythm = parseSchedule(definition.schedule);
  if (!rhythm.ok) throw new Error(JSON.stringify(rhythm.problems));
  const starts = newestStarts(rhythm.value, now, DATES).map((at) => occurrenceOn(rhythm.value, at));
  return {
    definition,
    partitions: starts.map(({ partition }) => partition),
    dates: starts.map(({ scheduledTime }) => {
      const workflowId = scheduledWorkflowId(definition.name, scheduledTime);
      return { scheduledTime, overlap: 'allow_all', workflowId, key: `${workflowId}/${STEP}`, projectId };
    }),
    backfills,
    most: backfills * MAX_ACTIVE,
  };
}

/** What goes wrong with their runs, but for runs that fail: a second backfill may run these again. */
export function faultsOfBackfills(planned: readonly BackfilledDates[], random: Random): Fault[] {
  return planned
    .flatMap(({ dates }) => dates)
    .flatMap(({ key }) => faultsOf({ key, cancelled: false, stranger: false }, random))
    .filter(({ endAs }) => endAs === undefined);
}

/** Starts them all, pauses one for a while, and resolves when all have closed. */
export async function runBackfills(
  planned: readonly BackfilledDates[],
  { temporal, taskQueue, signal }: { temporal: Client; taskQueue: string; signal: AbortSignal },
): Promise<void> {
  const { backfills } = new TemporalHexClient({ client: temporal, taskQueue });
  await Promise.all(
    planned.flatMap(({ definition, partitions, backfills: many }) =>
      Array.from({ length: many }, async (_, index) => {
        const workflowId = `${definition.name}-backfill-${index + 1}`;
        const handle = temporal.workflow.getHandle(workflowId);
        await patiently(() =>
          backfills.start({ pipeline: definition, partitions, maxActive: MAX_ACTIVE }, { workflowId }),
        ).catch((error: unknown) => {
          // The answer to the first call was lost with the server.
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        });
        if (many === 1) await pauseFor(backfills, workflowId, signal);
        // How it ended is for the check to say.
        await patiently(
          () => temporal.connection.withAbortSignal(signal, () => handle.result()),
          signal,
        ).catch(() => undefined);
      }),
    ),
  );
}

async function pauseFor(
  backfills: TemporalHexClient['backfills'],
  workflowId: string,
  signal: AbortSignal,
): Promise<void> {
  const ended = async () => {
    const progress = await backfills.progress(workflowId).catch(() => null);
    return progress ? DATES - progress.counts.waiting - progress.counts.running : 0;
  };
  while (!signal.aborted && (await ended()) < DATES / 3) await delay(500);
  await patiently(() => backfills.pause(workflowId, 'chaos'), signal);
  await delay(PAUSED_MS);
  await patiently(() => backfills.resume(workflowId), signal);
}
