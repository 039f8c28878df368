/** With fewer children than that, a workflow task is replayed within a fraction of a second. */
const FEW = 250;
const LONG_MS = 30_000;

type Steps = readonly { forEach?: unknown }[];

/**
 * How long a workflow task of a pipeline may take: Temporal's 10 s, but 30 s for one that has many children, or may have.
 * A pipeline of 1,000 children takes a second or two to replay. After a crash a worker replays all of its pipelines
 * beside each other: with ten, tasks timed out after 10 s and were begun again for as long as one looked (80 s). A
 * worker that is killed in the midst of a task keeps the pipeline waiting for so long, so others do with less.
 *
 * @param pipeline its definition or its steps, which may not have been checked yet; its name, or null, where they are not
 *   known here
 */
export function taskTimeoutOf(pipeline: { steps: Steps } | Steps | string | null): {
  workflowTaskTimeout?: number;
} {
  const steps = stepsOf(pipeline);
  const few = steps !== null && steps.reduce((sum, step) => sum + mostChildren(step), 0) <= FEW;
  return few ? {} : { workflowTaskTimeout: LONG_MS };
}

function stepsOf(pipeline: Parameters<typeof taskTimeoutOf>[0]): Steps | null {
  if (typeof pipeline !== 'object' || pipeline === null) return null;
  const steps = 'steps' in pipeline ? pipeline.steps : pipeline;
  return Array.isArray(steps) ? steps : null;
}

/** Templates may give any number of items. */
function mostChildren(step: Steps[number] | null): number {
  const forEach = step?.forEach ?? null;
  if (forEach === null) return 1;
  return Array.isArray(forEach) ? forEach.length : Number.POSITIVE_INFINITY;
}
