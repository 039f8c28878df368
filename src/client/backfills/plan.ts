import type { Client } from '@temporalio/client';
import { sizeProblems } from '../../base/input-size.js';
import { median } from '../../base/median.js';
import type { BackfillRow } from '../../contract/backfill.js';
import { backfillRows } from '../../executions/backfill-rows.js';
import { earlierRunsOf } from '../../executions/earlier-runs.js';
import { partitionStates } from '../../executions/partition-states.js';
import { rememberedToo } from '../../executions/remembered.js';
import { executionsOf, searching } from '../../executions/search.js';
import type { BackfillInput } from '../../pipeline/backfill/input.js';
import { backfillParams, backfillPartitions, intervalOfPartition } from '../../pipeline/backfill/range.js';
import { parseBackfillInput } from '../../pipeline/boundary.js';
import type { PipelineRequest, PipelineSpec } from '../../pipeline/definition/spec.js';
import type { EarlierRuns } from '../../pipeline/preview/estimate.js';
import { planPipeline } from '../../pipeline/preview/plan-summary.js';
import { planByHistory } from '../plan.js';
import { BackfillError } from './errors.js';

/** As many earlier successes are looked at. */
export const COMPARED = 20;

/** A partition of a plan; instants are ISO 8601 in UTC. */
export type PlannedPartition = Omit<BackfillRow, 'workflowId' | 'ranAs' | 'params'>;

/** What a backfill would do. */
export interface BackfillPlan {
  /** In the order in which they would be run. */
  partitions: PlannedPartition[];
  /** How many of them would be run. */
  runs: number;
  /** Status reads in all, about. */
  reads: number;
  /** Minutes of kernels in all, about: by the median of earlier runs of each project, else 10 minutes for each Hex run. */
  kernelMinutes: number;
  /**
   * When the last would end if nothing waited in Hex's line, about; ISO 8601. By the median of earlier successes of the
   * pipeline, else by those of its steps. Null when nothing would be run.
   */
  endsAbout: string | null;
  /** Steps of whose projects no earlier run is known: 10 minutes are assumed for each run of theirs. */
  assumed: string[];
}

/** How long earlier runs took, in ms: what a plan estimates by. A console knows some of it already. */
export interface EarlierTimes {
  /** Of the newest successes of a pipeline, about twenty. */
  ofPipeline(name: string): Promise<readonly number[]>;
  /** Of runs in Hex, by the ids of their projects. */
  ofProjects(projects: readonly string[]): Promise<EarlierRuns>;
}

const readTimes = ({ workflow }: Client): EarlierTimes => ({
  async ofPipeline(pipeline) {
    const wanted = { pipeline, statuses: ['success'] as const };
    const rows = await searching((searchable) => executionsOf(workflow, wanted, searchable, COMPARED));
    return rows.map(({ durationMs }) => durationMs);
  },
  ofProjects: (projects) => earlierRunsOf(workflow, projects),
});

export async function planBackfill(
  client: Client,
  taskQueue: string,
  input: BackfillInput,
  times = readTimes(client),
): Promise<BackfillPlan> {
  const { request, spec, pipeline, all, now } = checked(input);
  const { name } = pipeline;
  const states = await partitionStates(client.workflow, name, all);
  const runs = await rememberedToo(client.workflow, { taskQueue, pipeline: name }, all, states);
  const rows = backfillRows(name, all, runs, spec.reprocess);
  const wanted = rows.filter(({ willRun }) => willRun);
  const [first = rows[0]] = wanted;
  const planned = await planByHistory(
    client.workflow,
    requestFor(request, pipeline, first),
    { scheduledTime: new Date(now).toISOString() },
    times.ofProjects,
  );
  if (!planned.ok) throw new BackfillError(planned.problems);
  const { calls, estimate } = planned.value;
  const medianMs = median(await times.ofPipeline(name));
  const runMs = medianMs ?? estimate.p50Ms;
  // Where all of it is in sub-pipelines, there is nothing better to go by.
  const kernelMs = calls.starts > 0 ? estimate.kernelMs : (medianMs ?? 0);
  const rounds = Math.ceil(wanted.length / spec.maxActive);
  return {
    partitions: rows.map(({ workflowId: _, ranAs: __, params: ___, ...row }) => row),
    runs: wanted.length,
    reads: wanted.length * calls.reads,
    kernelMinutes: Math.round((wanted.length * kernelMs) / 60_000),
    endsAbout: wanted.length === 0 ? null : new Date(now + rounds * runMs).toISOString(),
    assumed: estimate.assumed,
  };
}

/** What is wrong with an input is thrown; nothing is read for that. */
export function checkBackfill(input: BackfillInput): void {
  const { request, pipeline, all, now } = checked(input);
  const first = backfillRows(pipeline.name, all.slice(0, 1), new Map(), 'none')[0];
  const planned = planPipeline(requestFor(request, pipeline, first), {
    scheduledTime: new Date(now).toISOString(),
  });
  if (!planned.ok) throw new BackfillError(planned.problems);
}

function checked(input: BackfillInput) {
  const parsed = parseBackfillInput(input);
  if (!parsed.ok) throw new BackfillError(parsed.problems);
  const { request, spec } = parsed.value;
  if (!request.spec)
    throw new BackfillError([
      {
        path: 'pipeline',
        message: `"${request.load}" is a name, which only the worker can look up: give the file`,
      },
    ]);
  const tooLarge = sizeProblems(input);
  if (tooLarge.length > 0) throw new BackfillError(tooLarge);
  const now = Date.now();
  const list = backfillPartitions(spec, request.spec, now);
  if (!list.ok) throw new BackfillError(list.problems);
  return { request, spec, pipeline: request.spec, all: list.value.all(), now };
}

/** The pipeline, as it is started for a partition. */
const requestFor = (
  request: PipelineRequest,
  pipeline: PipelineSpec,
  row: BackfillRow | undefined,
): PipelineRequest => ({
  ...request,
  params: { ...backfillParams(pipeline, request.params), ...row?.params },
  scheduledTime: row?.scheduledTime ?? null,
  partition: row?.partition ?? null,
  interval: row ? intervalOfPartition(row) : null,
});
