import type { Parsed } from '../../src/base/problems.js';
import { parsePipelineInput } from '../../src/pipeline/boundary.js';
import { type PipelinePlan, planPipeline } from '../../src/pipeline/preview/plan-summary.js';

/** The plan of an input as a file holds it, on 2026-01-31. */
export function planRaw(raw: unknown): Parsed<PipelinePlan> {
  const parsed = parsePipelineInput(raw);
  return parsed.ok ? planPipeline(parsed.value, { scheduledTime: '2026-01-31T06:00:00Z' }) : parsed;
}
