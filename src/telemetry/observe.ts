import { HexError, type Observe } from '../hex/index.js';
import type { RecentReads } from './budgets.js';
import type { Metrics } from './metrics.js';

/** Counts the requests of a connection, and how long they take. */
export function observeForMetrics(connection: string, metrics: Metrics, reads: RecentReads): Observe {
  return async ({ method, operation }, send) => {
    const began = performance.now();
    if (method === 'GET') reads.note(connection);
    const note = (status: number | null, failure: HexError['kind'] | null) =>
      metrics.request({ connection, operation, status, failure, durationMs: performance.now() - began });
    try {
      const answer = await send();
      note(answer.status, null);
      return answer;
    } catch (error) {
      if (error instanceof HexError) note(error.status, error.kind);
      throw error;
    }
  };
}
