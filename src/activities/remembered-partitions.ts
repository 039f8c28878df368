import { ScheduleNotFoundError, type WorkflowClient } from '@temporalio/client';
import { doneEras } from '../executions/remembered.js';
import { type DoneEra, isDone } from '../schedule/index.js';
import type { ActivityDependencies } from './dependencies.js';

/** A keeper looks for what has succeeded once an hour: to ask it in each look of each wait would only cost. */
const KEPT_MS = 600_000;

/** Whether a partition has succeeded so long ago that Temporal keeps its run no more; null where that cannot be told now. */
export type Remembers = (of: { pipeline: string; partition: string }) => Promise<boolean | null>;

/** Asks the keeper of the task queue on which the schedule of the pipeline starts it. */
export const rememberedPartitions = (
  { schedules }: ActivityDependencies,
  workflows: () => WorkflowClient,
): Remembers => {
  const kept = new Map<string, { atMs: number; eras: DoneEra[] }>();
  const erasOf = async (pipeline: string): Promise<DoneEra[]> => {
    const known = kept.get(pipeline);
    if (known && Date.now() - known.atMs < KEPT_MS) return known.eras;
    const taskQueue = schedules && (await queueOf(schedules, pipeline));
    const eras = taskQueue ? await doneEras(workflows(), { taskQueue, pipeline }) : [];
    kept.set(pipeline, { atMs: Date.now(), eras });
    return eras;
  };
  return async ({ pipeline, partition }) => {
    try {
      return isDone(await erasOf(pipeline), partition);
    } catch {
      return null;
    }
  };
};

/** Without a schedule, nothing is remembered. */
async function queueOf(
  schedules: NonNullable<ActivityDependencies['schedules']>,
  pipeline: string,
): Promise<string | null> {
  try {
    return (await schedules.getHandle(pipeline).describe()).action.taskQueue;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}
