import {
  ActivityFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { HexActivities } from '../activities/index.js';
import { formatDuration } from '../base/duration.js';
import type { OutageInput } from '../contract/inputs.js';
import { alert } from './notifications.js';

/** How an outage ended. */
export interface OutageResult {
  /** Whether it lasted long enough to be told. */
  alerted: boolean;
}

const LONGEST_WAIT_MS = 60_000;
const SHORTEST_WAIT_MS = 200;

/**
 * Follows one outage of one connection: asks Hex once a minute until it answers, and tells those of `HEX_NOTIFY_ALERTS`
 * when that takes longer than `afterMs`, and then its end. A workflow, so that there is one for all workers and runs,
 * which goes on when a worker is restarted. Workers start it, `hex-outage/<task queue>/<connection>`.
 */
export async function hexOutage(input: OutageInput): Promise<OutageResult> {
  const { connection, sinceMs, afterMs, asked, reason } = input;
  const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, afterMs / 10));
  const { reachHex } = proxyActivities<HexActivities>({
    startToCloseTimeout: '1 minute',
    retry: { initialInterval: waitMs, backoffCoefficient: 1 },
    summary: `Until Hex answers (${connection})`,
  });
  const clock = new CancellationScope();
  let alerted = false;
  const alarm = clock
    // However old the first failure is: Hex is asked first.
    .run(() =>
      sleep(Math.max(2 * waitMs, sinceMs + afterMs - Date.now()), { summary: 'Until this is an alert' }),
    )
    .then(
      async () => {
        alerted = true;
        const since = new Date(sinceMs).toISOString().slice(0, 16).replace('T', ' ');
        await alert(
          'unreachable',
          `Hex has been unreachable since ${since} UTC, for ${formatDuration(Date.now() - sinceMs)}: ${reason}`,
          { connection },
        );
      },
      () => undefined, // It was over before.
    );
  try {
    await reachHex({ connection, ...asked });
  } catch (error) {
    // The workers no longer have the connection.
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return { alerted };
  } finally {
    clock.cancel();
    await alarm;
  }
  if (alerted)
    await alert('reachable', `Hex is reachable again, after ${formatDuration(Date.now() - sinceMs)}`, {
      connection,
    });
  return { alerted };
}

// It lasts as long as Hex is away, and must not keep an old build of the worker for that.
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {},
  hexOutage,
);
