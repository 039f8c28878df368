import type { Worker } from '@temporalio/worker';
import type { Limiters } from '../activities/index.js';

/** So long a limiter that was terminated stays away at most, also where nobody has anything to tell it. */
const LOOK_MS = 30_000;

/** Looks after the limiters of these connections for as long as the worker works. */
export function watchLimiters(
  worker: Pick<Worker, 'getState'>,
  limiters: Limiters | undefined,
  connections: readonly string[],
  everyMs = LOOK_MS,
): void {
  const look = async () => {
    if (STOPPING.has(worker.getState())) return;
    // The server may be away for a while.
    await limiters?.revive(connections).catch(() => undefined);
    again();
  };
  const again = () => setTimeout(look, everyMs).unref();
  again();
}

const STOPPING: ReadonlySet<string> = new Set(['STOPPING', 'DRAINING', 'DRAINED', 'STOPPED', 'FAILED']);
