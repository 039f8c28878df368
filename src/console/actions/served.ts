import type { Parts } from '../parts.js';
import { ConsoleError } from '../refusal.js';

/** Refuses what a worker must answer, where none works on the task queue. */
export async function refuseUnserved({ queues }: Parts, taskQueue: string): Promise<void> {
  if (await queues.servedNow(taskQueue)) return;
  const [missing] = await queues.notices(taskQueue);
  throw new ConsoleError(
    'refused',
    `${missing?.text ?? 'No worker is there'} ${missing?.remedy ?? ''}`.trim(),
  );
}
