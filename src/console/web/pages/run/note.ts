import { formatDuration } from '../../../../base/duration.js';
import type { StepProgress } from '../../../../pipeline/execution/result.js';
import { promptOf } from '../../lib/prompt.js';

/** What is to be said of a step in a few words: what it waits for, its items, why it did not run, or how long it took. */
export function stepNote(step: StepProgress): string {
  const { items, waitingFor, reason, error, reused, elapsedMs } = step;
  if (items)
    return `${items.succeeded} of ${items.total} done${items.failed > 0 ? `, ${items.failed} failed` : ''}`;
  if (error) return error.type;
  if (waitingFor && step.status === 'approval') return promptOf(waitingFor);
  if (waitingFor) return `waits for ${waitingFor}`;
  if (reason) return reason;
  if (reused) return 'result taken over';
  return elapsedMs === null || step.endedAt === null ? '' : formatDuration(elapsedMs);
}
