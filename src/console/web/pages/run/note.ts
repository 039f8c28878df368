import { formatDuration } from '../../../../base/duration.js';
import type { StepProgress } from '../../../../pipeline/execution/result.js';

/** What is to be said of a step in a few words: what it waits for, its items, why it did not run, or how long it took. */
export function stepNote(step: StepProgress): string {
  const { items, waitingFor, reason, error, reused, elapsedMs } = step;
  if (items)
    return `${items.succeeded} of ${items.total} done${items.failed > 0 ? `, ${items.failed} failed` : ''}`;
  if (error) return error.type;
  // The status says already that it waits for people; this is what they are asked.
  if (waitingFor && step.status === 'approval') return waitingFor.replace(/^approval: /, '');
  if (waitingFor) return `waits for ${waitingFor}`;
  if (reason) return reason;
  if (reused) return 'result taken over';
  return elapsedMs === null || step.endedAt === null ? '' : formatDuration(elapsedMs);
}
