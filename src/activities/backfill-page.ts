import { formatProblems, type Parsed } from '../base/problems.js';
import type { BackfillPage } from '../contract/backfill.js';
import { typedFailure } from '../contract/failure.js';
import { backfillRows } from '../executions/backfill-rows.js';
import type { BackfillInput } from '../pipeline/backfill/input.js';
import { backfillParams, backfillPartitions, firstAndLast } from '../pipeline/backfill/range.js';
import { parseBackfillInput } from '../pipeline/boundary.js';
import type { ActivityDependencies } from './dependencies.js';
import { loadSpec } from './load-pipeline.js';
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
    const pipeline = request.spec ?? sound(await loadSpec(dependencies)(request.load ?? ''));
    const all = sound(backfillPartitions(spec, pipeline, untilMs));
    const wanted = indexes.flatMap((index) => all[index] ?? []);
    const rows = await backfillRows(workflowsOf(dependencies), pipeline.name, wanted, spec.reprocess);
    return {
      name: pipeline.name,
      total: all.length,
      ...firstAndLast(all),
      notify: pipeline.notify,
      params: backfillParams(pipeline, request.params),
      rows,
    };
  };

function sound<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw typedFailure({
    type: 'InvalidInput',
    message: formatProblems(parsed.problems),
    nonRetryable: true,
  });
}
