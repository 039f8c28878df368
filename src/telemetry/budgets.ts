import type { Client } from '@temporalio/client';
import type { Config } from '../config.js';
import { limiterId } from '../contract/ids.js';
import { lineQuery } from '../contract/messages.js';
import type { LimiterView } from '../limits/index.js';
import type { Budgets, Metrics } from './metrics.js';

/** A scrape does not wait longer for a limiter, which may be busy or without a worker. */
const PATIENCE_MS = 2_000;
const MINUTE_MS = 60_000;

/** Counts the reads of this process, as far back as a minute. */
export class RecentReads {
  readonly #times = new Map<string, number[]>();

  note(connection: string, at = Date.now()): void {
    this.#times.set(connection, [...this.#recent(connection, at), at]);
  }

  count(connection: string, at = Date.now()): number {
    return this.#recent(connection, at).length;
  }

  #recent(connection: string, at: number): number[] {
    return (this.#times.get(connection) ?? []).filter((time) => time > at - MINUTE_MS);
  }
}

/** Shows how the budgets of all connections stand now. */
export async function showBudgets(
  metrics: Metrics,
  client: Client,
  config: Pick<Config, 'taskQueue' | 'connections' | 'limits' | 'reads'>,
  reads: RecentReads,
): Promise<void> {
  const { connections, limits, reads: readLimits, taskQueue } = config;
  await Promise.all(
    Object.keys(connections).map(async (connection) => {
      const perMinute = readLimits[connection];
      if (perMinute && perMinute !== 'off')
        metrics.budgets(connection, {
          reads_per_minute: { used: reads.count(connection), limit: perMinute.perMinute },
        });
      if (limits[connection] === 'off') return;
      const view = await viewOf(client, limiterId(taskQueue, connection));
      if (!view) return;
      metrics.limiter(connection, view);
      metrics.budgets(connection, budgetsOf(view));
    }),
  );
}

/** Null where there is no limiter yet, or none that answers in time: the gauges then keep what they show. */
async function viewOf(client: Client, workflowId: string): Promise<LimiterView | null> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    return await client.withDeadline(Date.now() + PATIENCE_MS, () => handle.query(lineQuery, { limit: 1 }));
  } catch {
    return null;
  }
}

function budgetsOf({ starts, held, settings }: LimiterView): Budgets {
  return {
    starts_per_minute: { used: starts.lastMinute, limit: settings.starts.perMinute },
    starts_per_hour: { used: starts.lastHour, limit: settings.starts.perHour },
    kernels: { used: held, limit: settings.kernels },
  };
}
