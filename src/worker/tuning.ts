import type { WorkerOptions } from '@temporalio/worker';
import type { Config } from '../config.js';

/** Several times what 25 kernels and their pipelines need. Each takes 60 KB of the heap. */
const CACHED_WORKFLOWS = 250;

/** How much a worker does at once, as Temporal's SDK wants it; what the configuration leaves open is the SDK's default. */
export function tuned({ tuning }: Pick<Config, 'tuning'>): Partial<WorkerOptions> {
  const { cachedWorkflows, workflowTasks, activities, workflowPollers, activityPollers } = tuning;
  return {
    maxCachedWorkflows: cachedWorkflows ?? CACHED_WORKFLOWS,
    ...(workflowTasks !== null && { maxConcurrentWorkflowTaskExecutions: workflowTasks }),
    ...(activities !== null && { maxConcurrentActivityTaskExecutions: activities }),
    ...(workflowPollers !== null && { maxConcurrentWorkflowTaskPolls: workflowPollers }),
    ...(activityPollers !== null && { maxConcurrentActivityTaskPolls: activityPollers }),
  };
}
