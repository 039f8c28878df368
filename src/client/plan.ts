import type { WorkflowClient } from '@temporalio/client';
import type { Parsed } from '../base/problems.js';
import { earlierRunsOf } from '../executions/earlier-runs.js';
import type { PipelineRequest } from '../pipeline/definition/spec.js';
import type { EarlierRuns } from '../pipeline/preview/estimate.js';
import { type PipelinePlan, type PlanOptions, planPipeline } from '../pipeline/preview/plan-summary.js';

/** What a pipeline would do, estimated by how long earlier runs of its projects took. */
export async function planByHistory(
  workflows: WorkflowClient,
  request: PipelineRequest,
  options: PlanOptions,
  earlierOf: (projects: readonly string[]) => Promise<EarlierRuns> = (projects) =>
    earlierRunsOf(workflows, projects),
): Promise<Parsed<PipelinePlan>> {
  const planned = planPipeline(request, options);
  if (!planned.ok) return planned;
  const projects = new Set(planned.value.steps.flatMap((step) => step.projects));
  return planPipeline(request, { ...options, earlier: await earlierOf([...projects]) });
}
