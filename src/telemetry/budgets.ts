import type { Client } from '@temporalio/client';
import type { Config } from '../config.js';
import { limiterId } from '../contract/ids.js';
import { lineQuery } from '../contract/messages.js';
import type { LimiterView } from '../limits/index.js';
import { askWorkflow } from './ask.js';
import type { Budgets, Metrics } from './metrics.js';

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
  config: Pick<Config, 'taskQueue' | 'limitsTaskQueue' | 'connections' | 'limits' | 'reads'>,
  reads: RecentReads,
): Promise<void> {
  const { connections, limits, reads: readLimits } = config;
  const taskQueue = config.limitsTaskQueue ?? config.taskQueue;
  await Promise.all(
    Object.keys(connections).map(async (connection) => {
      const perMinute = readLimits[connection];
      if (perMinute && perMinute !== 'off')
        metrics.budgets(connection, {
          reads_per_minute: { used: reads.count(connection), limit: perMinute.perMinute },
        });
      if (limits[connection] === 'off') return;
      const view = await askWorkflow(client, limiterId(taskQueue, connection), lineQuery, {
        ...{ limit: 1, atMs: Date.now() },
      });
      if (!view) return;
      metrics.limiter(connection, view);
      metrics.budgets(connection, budgetsOf(view));
    }),
  );
}

function budgetsOf({ starts, held, settings }: LimiterView): Budgets {
  return {
    starts_per_minute: { used: starts.lastMinute, limit: settings.starts.perMinute },
    starts_per_hour: { used: starts.lastHour, limit: settings.starts.perHour },
    kernels: { used: held, limit: settings.kernels },
  };
}
