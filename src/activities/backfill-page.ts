import { formatProblems, type Parsed } from '../base/problems.js';
import type { BackfillPage } from '../contract/backfill.js';
import { typedFailure } from '../contract/failure.js';
import { backfillRows } from '../executions/backfill-rows.js';
import type { BackfillInput } from '../pipeline/backfill/input.js';
import { backfillParams, backfillPartitions, firstAndLast } from '../pipeline/backfill/range.js';
import { parseBackfillInput, parseDefinition } from '../pipeline/boundary.js';
import type { PipelineRequest, PipelineSpec } from '../pipeline/definition/spec.js';
import type { ActivityDependencies } from './dependencies.js';
import { loadPipeline } from './load-pipeline.js';
import { workflowsOf } from './workflows-of.js';

export interface BackfillPageRequest {
  input: BackfillInput;
  /** Partitions that start later are left out. */
  untilMs: number;
  /** Places of the wanted partitions, in the order in which they are run. */
  indexes: number[];
}

/** Some partitions of a backfill, and what their runs have come to. Asks Temporal only. */
export const backfillPage =
  (dependencies: ActivityDependencies) =>
  async ({ input, untilMs, indexes }: BackfillPageRequest): Promise<BackfillPage> => {
    const { request, spec } = sound(parseBackfillInput(input));
    const pipeline = await pipelineOf(dependencies, request);
    const all = sound(backfillPartitions(spec, pipeline, untilMs));
    const rows = sound(await backfillRows(workflowsOf(dependencies), spec, pipeline, untilMs, indexes));
    return {
      name: pipeline.name,
      total: all.length,
      ...firstAndLast(all),
      notify: pipeline.notify,
      params: backfillParams(pipeline, request.params),
      rows,
    };
  };

async function pipelineOf(
  dependencies: ActivityDependencies,
  { spec, load }: PipelineRequest,
): Promise<PipelineSpec> {
  if (spec) return spec;
  const { definition, source } = await loadPipeline(dependencies)(load ?? '');
  const loaded = sound(parseDefinition(definition));
  return loaded.name === 'pipeline' ? { ...loaded, name: source.name } : loaded;
}

function sound<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw typedFailure({
    type: 'InvalidInput',
    message: formatProblems(parsed.problems),
    nonRetryable: true,
  });
}
