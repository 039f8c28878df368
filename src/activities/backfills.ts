import { activityInfo } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { formatProblems, type Parsed } from '../base/problems.js';
import type { BackfillOutline, BackfillRow } from '../contract/backfill.js';
import { typedFailure } from '../contract/failure.js';
import { backfillRows } from '../executions/backfill-rows.js';
import { partitionStates, statesOfFew } from '../executions/partition-states.js';
import { withRemembered } from '../executions/remembered.js';
import { RerunError, readPipelineHistory } from '../executions/rerun/history.js';
import { planRerun } from '../executions/rerun/plan.js';
import type { BackfillInput } from '../pipeline/backfill/input.js';
import type { BackfillRequest } from '../pipeline/backfill/parse.js';
import { backfillParams, backfillPartitions, type PartitionList } from '../pipeline/backfill/range.js';
import { parseBackfillInput } from '../pipeline/boundary.js';
import type { PipelineRunInput } from '../pipeline/definition/definition.js';
import type { PipelineSpec } from '../pipeline/definition/spec.js';
import type { ActivityDependencies } from './dependencies.js';
import { loadSpec } from './load-pipeline.js';
import { workflowsOf } from './workflows-of.js';

export interface BackfillOutlineRequest {
  input: BackfillInput;
  /** Partitions that start later are left out. */
  untilMs: number;
}

/** An outline, and the grid at the beginning: `.` for each partition that is to be run, `-` for the others. */
export interface BackfillBeginning {
  outline: BackfillOutline;
  grid: string;
}

/** What a backfill is about. Asks Temporal only, what the runs of all partitions have come to. */
export const beginBackfill =
  (dependencies: ActivityDependencies) =>
  async ({ input, untilMs }: BackfillOutlineRequest): Promise<BackfillBeginning> => {
    const { request, spec, pipeline } = await opened(dependencies, input);
    const { name, notify } = pipeline;
    const list = sound(backfillPartitions(spec, pipeline, untilMs));
    const all = list.all();
    const workflows = workflowsOf(dependencies);
    const states = await partitionStates(workflows, name, all);
    const runs = await withRemembered(workflows, keptUnder(name), all, states);
    const rows = backfillRows(name, all, runs, spec.reprocess);
    const { total, first, last } = list;
    return {
      outline: { name, total, first, last, notify, params: backfillParams(pipeline, request.params) },
      grid: rows.map(({ willRun }) => (willRun ? '.' : '-')).join(''),
    };
  };

export interface BackfillPageRequest extends BackfillOutlineRequest {
  /** Places of the wanted partitions, in the order in which they are run. */
  indexes: number[];
}

/** To find the dates of a long backfill takes much longer than to look at a few of them. */
const MOST_REMEMBERED = 10;

/** Some partitions of a backfill, and what their runs have come to. Asks Temporal only. */
export const backfillPage = (dependencies: ActivityDependencies) => {
  const lists = new Map<string, PartitionList>();
  return async ({ input, untilMs, indexes }: BackfillPageRequest): Promise<BackfillRow[]> => {
    const { spec, pipeline } = await opened(dependencies, input);
    const { name, schedule, timezone, params } = pipeline;
    const key = JSON.stringify([spec, schedule, timezone, params, untilMs]);
    const list = lists.get(key) ?? sound(backfillPartitions(spec, pipeline, untilMs));
    // The least recently used comes first.
    lists.delete(key);
    lists.set(key, list);
    for (const oldest of lists.keys()) {
      if (lists.size > MOST_REMEMBERED) lists.delete(oldest);
    }
    const wanted = indexes.flatMap((index) => list.at(index) ?? []);
    const workflows = workflowsOf(dependencies);
    const states = await statesOfFew(workflows, name, wanted);
    const runs = await withRemembered(workflows, keptUnder(name), wanted, states);
    return backfillRows(name, wanted, runs, spec.reprocess);
  };
};

/** The input that repeats a failed run in part; null where that run leaves nothing to take over. */
export const rerunInput =
  (dependencies: ActivityDependencies) =>
  async (workflowId: string): Promise<PipelineRunInput | null> => {
    try {
      return planRerun(await readPipelineHistory(workflowsOf(dependencies), workflowId)).input;
    } catch (error) {
      if (error instanceof RerunError || error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  };

const keptUnder = (pipeline: string) => ({ taskQueue: activityInfo().taskQueue, pipeline });

async function opened(
  dependencies: ActivityDependencies,
  input: BackfillInput,
): Promise<BackfillRequest & { pipeline: PipelineSpec }> {
  const { request, spec } = sound(parseBackfillInput(input));
  return { request, spec, pipeline: request.spec ?? sound(await loadSpec(dependencies)(request.load ?? '')) };
}

function sound<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw typedFailure({
    type: 'InvalidInput',
    message: formatProblems(parsed.problems),
    nonRetryable: true,
  });
}
