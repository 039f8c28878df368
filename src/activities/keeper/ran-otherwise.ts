import type { WorkflowClient } from '@temporalio/client';
import { statesOfFew } from '../../executions/partition-states.js';
import { occurrenceAt } from '../../schedule/index.js';
import type { Subject } from './subject.js';

/** Of some starts, those whose partition has run without their schedule: by hand, as a rerun, or in a backfill. */
export async function ranOtherwise(
  workflows: WorkflowClient,
  { spec, schedule }: Subject,
  starts: readonly number[],
): Promise<number[]> {
  if (!spec || !schedule || starts.length === 0) return [];
  const wanted = starts.flatMap((at) => {
    const meant = occurrenceAt(schedule, at);
    return meant ? [{ at, ...meant, params: {} }] : [];
  });
  const states = await statesOfFew(workflows, spec.name, wanted);
  return wanted.flatMap(({ at, partition }) =>
    (states.get(partition)?.state ?? 'missing') === 'missing' ? [] : [at],
  );
}
