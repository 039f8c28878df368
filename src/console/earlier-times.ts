import type { Client } from '@temporalio/client';
import { COMPARED, type EarlierTimes } from '../client/backfills/plan.js';
import { earlierRunsOf } from '../executions/earlier-runs.js';
import type { EarlierRuns } from '../pipeline/preview/estimate.js';
import type { Book } from './book.js';
import { keepNewest } from './keep-newest.js';

const KEPT_MS = 5 * 60_000;
const MOST_KEPT = 50;

/** What plans of backfills estimate by: each read of a list waits for its turn, so the book tells what it knows, and the rest is kept. */
export function earlierTimes({ workflow }: Client, book: Book): EarlierTimes {
  const kept = new Map<string, { at: number; runs: Promise<EarlierRuns> }>();
  return {
    async ofPipeline(name) {
      await book.readOlder(name);
      const successes = book.runsOf(name).filter(({ status }) => status === 'success');
      return successes.slice(0, COMPARED).map(({ durationMs }) => durationMs);
    },
    ofProjects(projects) {
      const key = [...projects].sort().join('\n');
      const known = kept.get(key);
      if (known && Date.now() - known.at < KEPT_MS) return known.runs;
      const runs = earlierRunsOf(workflow, projects);
      keepNewest(kept, key, { at: Date.now(), runs }, MOST_KEPT);
      runs.catch(() => kept.delete(key));
      return runs;
    },
  };
}
