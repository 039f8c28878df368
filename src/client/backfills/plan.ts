import type { Client } from '@temporalio/client';
import { sizeProblems } from '../../base/input-size.js';
import { median } from '../../base/median.js';
import type { BackfillRow } from '../../contract/backfill.js';
import { backfillRows } from '../../executions/backfill-rows.js';
import { partitionStates } from '../../executions/partition-states.js';
import { rememberedToo } from '../../executions/remembered.js';
import { executionsOf, searching } from '../../executions/search.js';
import type { BackfillInput } from '../../pipeline/backfill/input.js';
import { backfillParams, backfillPartitions, intervalOfPartition } from '../../pipeline/backfill/range.js';
import { parseBackfillInput } from '../../pipeline/boundary.js';
import { planByHistory } from '../plan.js';
import { BackfillError } from './errors.js';

/** As many earlier successes are looked at. */
const COMPARED = 20;

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

export async function planBackfill(
  client: Client,
  taskQueue: string,
  input: BackfillInput,
): Promise<BackfillPlan> {
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
  const { name } = request.spec;
  const all = list.value.all();
  const states = await partitionStates(client.workflow, name, all);
  const runs = await rememberedToo(client.workflow, { taskQueue, pipeline: name }, all, states);
  const rows = backfillRows(name, all, runs, spec.reprocess);
  const wanted = rows.filter(({ willRun }) => willRun);
  const [first = rows[0]] = wanted;
  const planned = await planByHistory(
    client.workflow,
    {
      ...request,
      params: { ...backfillParams(request.spec, request.params), ...first?.params },
      scheduledTime: first?.scheduledTime ?? null,
      partition: first?.partition ?? null,
      interval: first ? intervalOfPartition(first) : null,
    },
    { scheduledTime: new Date(now).toISOString() },
  );
  if (!planned.ok) throw new BackfillError(planned.problems);
  const { calls, estimate } = planned.value;
  const successes = await searching((searchable) =>
    executionsOf(client.workflow, { pipeline: name, statuses: ['success'] }, searchable, COMPARED),
  );
  const medianMs = median(successes.map(({ durationMs }) => durationMs));
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
