import type { Client } from '@temporalio/client';
import { limiterId } from '../contract/ids.js';
import { limiterEventsSignal, lineQuery, progressQuery } from '../contract/messages.js';
import type { LimiterView } from '../limits/index.js';
import { ControlRefusedError } from './controls.js';
import { connectionsInLine } from './places-in-line.js';

/** Who moves something to the front, and why. Kept by the limiter. */
export interface MoveInput {
  /** Who decides. */
  by: string;
  /** Default: none is kept. */
  reason?: string;
}

/** What came of it. */
export interface MoveResult {
  /** The run or pipeline that was asked for. */
  workflowId: string;
  /** How many waiting runs were moved: 1, or those of the steps of a pipeline. */
  runs: number;
}

/**
 * Moves a run that waits, or the waiting steps of a pipeline, to the front of the line. Throws
 * {@link ControlRefusedError} where nothing of it waits.
 */
export async function moveToFront(
  client: Client,
  workflowId: string,
  { by, reason }: MoveInput,
  limitsTaskQueue?: string,
): Promise<MoveResult> {
  const handle = client.workflow.getHandle(workflowId);
  const [{ taskQueue }, progress] = await Promise.all([handle.describe(), handle.query(progressQuery)]);
  let runs = 0;
  for (const connection of connectionsInLine(progress)) {
    const limiter = client.workflow.getHandle(limiterId(limitsTaskQueue ?? taskQueue, connection));
    const part = () => limiter.query(lineQuery, { of: workflowId, limit: 1 }).catch(() => null);
    const before = await part();
    if (!before || before.line.length === 0) continue;
    refuseOld(before);
    const at = Date.now();
    const move = { type: 'move', workflowId, by, ...(reason !== undefined && { reason }), at } as const;
    await limiter.signal(limiterEventsSignal, [move]);
    runs += movedIn(await part(), workflowId);
  }
  if (runs > 0) return { workflowId, runs };
  throw new ControlRefusedError(`move is refused: nothing of ${workflowId} waits in line`);
}

/** A worker of before would stumble over what it does not know. */
function refuseOld({ moves }: LimiterView): void {
  if (moves === undefined)
    throw new ControlRefusedError(
      'move is refused: the worker is of a version that cannot move; update it first',
    );
}

/** How many runs the newest move of this workflow has moved. */
function movedIn(view: LimiterView | null, workflowId: string): number {
  return view?.moves.findLast((move) => move.workflowId === workflowId)?.runs ?? 0;
}
