import { log } from '@temporalio/activity';
import type { LimiterEvent } from '../limits/index.js';
import type { ActivityDependencies } from './dependencies.js';
import { usualMs } from './usual-ms.js';

/** A run that wants to start, and the workflow that the permit goes to. */
export interface StartRequest {
  connection: string;
  requestId: string;
  workflowId: string;
  workflowRunId: string;
  projectId: string;
  priority: number;
  /** When the run first asked: a later attempt keeps its place. */
  at: number;
  exclusive?: boolean;
  /** Its party in line; absent for a run that belongs to no pipeline. */
  fairnessKey?: string;
  /** The first act of its workflow, in the first attempt of that task. Workers of before do not say so. */
  first?: boolean;
}

/** Whether there will be a permit to wait for. */
export interface StartAnswer {
  /** False when this connection has no limiter. */
  limited: boolean;
  /** True: asking once is enough. Workers of before do not say so, and their runs ask again by the clock. */
  remembered?: boolean;
  /** The id of a request that has its permit already. Absent: the permit comes by signal. */
  permitted?: string;
}

/**
 * Asks the connection's limiter for a permit to start a run; safe to repeat. The permit comes by signal, unless it is
 * there at once.
 */
export const requestStart =
  ({ limiters, reads = () => null }: ActivityDependencies) =>
  async ({ connection, first = false, ...request }: StartRequest): Promise<StartAnswer> => {
    if (!limiters?.limits(connection)) return { limited: false };
    const usual = usualMs({ reads }, connection, request.projectId);
    const asks = { type: 'acquire', ...request, ...(usual && { usualMs: usual[0] }) } as const;
    const permitted = await limiters.ask(connection, asks, first);
    return { limited: true, remembered: true, ...(permitted !== null && { permitted }) };
  };

/** Tells the connection's limiter what has happened. */
export const reportToLimiter =
  ({ limiters }: ActivityDependencies) =>
  async ({ connection, events }: { connection: string; events: LimiterEvent[] }): Promise<void> => {
    await limiters?.send(connection, events);
  };

/** The same from within another activity: a report that is lost costs a lease, never the run. */
export async function report(
  { limiters }: ActivityDependencies,
  connection: string,
  events: LimiterEvent[],
): Promise<void> {
  if (!limiters || events.length === 0) return;
  await limiters.send(connection, events).catch((error: unknown) => {
    log.warn('The limiter could not be told', { connection, error: String(error) });
  });
}
