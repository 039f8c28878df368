import type { WorkflowClient } from '@temporalio/client';
import type { Config } from '../config.js';
import { outageId } from '../contract/ids.js';
import type { OutageInput } from '../contract/inputs.js';
import type { hexOutage } from '../workflows/index.js';
import type { Hear } from './hex-connections.js';

/** What watching for outages needs. */
export interface OutageWatchOptions {
  workflows: Pick<WorkflowClient, 'start'>;
  config: Pick<Config, 'alerts' | 'taskQueue' | 'unreachableAfterMs'>;
  log: (line: string) => void;
  /** Milliseconds; default Date.now. */
  now?: () => number;
}

/** What this worker knows of a connection that it could not reach. */
interface Trouble {
  sinceMs: number;
  lastMs: number;
  /** When the outage was last reported; null for not yet. */
  reportedMs: number | null;
}

const MINUTE_MS = 60_000;

/**
 * Hears of every request to Hex. Where nothing has been reached for a while, it starts the workflow that follows the
 * outage; there is one for each connection, whoever reports it. Nothing is started where nobody gets alerts.
 */
export function outageWatch({ workflows, config, log, now = Date.now }: OutageWatchOptions): Hear {
  const { alerts, taskQueue, unreachableAfterMs: afterMs } = config;
  const troubles = new Map<string, Trouble>();
  /** A lone failure is no outage, and Hex is asked once a minute anyway. */
  const patienceMs = Math.min(MINUTE_MS, afterMs / 4);

  const report = async (input: OutageInput) => {
    const { connection } = input;
    await workflows.start<typeof hexOutage>('hexOutage', {
      workflowId: outageId(taskQueue, connection),
      workflowIdConflictPolicy: 'USE_EXISTING',
      taskQueue,
      args: [input],
      staticSummary: `Hex out of reach: connection ${connection}`,
    });
  };

  return (connection, heard) => {
    if (alerts.length === 0) return;
    if (heard.reached) {
      troubles.delete(connection);
      return;
    }
    const at = now();
    const known = troubles.get(connection);
    const trouble =
      known && at - known.lastMs <= Math.max(MINUTE_MS, afterMs)
        ? known
        : { sinceMs: at, lastMs: at, reportedMs: null };
    trouble.lastMs = at;
    troubles.set(connection, trouble);
    const due = trouble.reportedMs === null || at - trouble.reportedMs >= MINUTE_MS;
    if (at - trouble.sinceMs < patienceMs || !due) return;
    trouble.reportedMs = at;
    const { asked, error } = heard;
    report({ connection, sinceMs: trouble.sinceMs, afterMs, asked, reason: error.message }).catch(
      (failure: Error) =>
        log(
          `That Hex (connection "${connection}") is out of reach could not be reported: ${failure.message}`,
        ),
    );
  };
}
