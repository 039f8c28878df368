import { type Client, ScheduleNotFoundError } from '@temporalio/client';
import type { Parsed } from '../base/problems.js';
import { partitionStates, partitionsThatRan } from '../executions/partition-states.js';
import { type KnownRuns, rememberedToo } from '../executions/remembered.js';
import type { BackfillInput } from '../pipeline/backfill/input.js';
import type { BackfillRequest } from '../pipeline/backfill/parse.js';
import {
  backfillPartitions,
  dateless,
  newestPartitions,
  type Partition,
  type PartitionState,
} from '../pipeline/backfill/range.js';
import { parseBackfillInput, parsePipelineInput } from '../pipeline/boundary.js';
import type { PipelineSpec } from '../pipeline/definition/spec.js';

/** Which partitions of a pipeline. */
export interface PartitionsOptions extends Pick<BackfillInput, 'every' | 'dimensions'> {
  /** First partition, inclusive. Default: that of `limit`. */
  from?: string | undefined;
  /** Last partition, inclusive. Default: the newest that has started. */
  to?: string | undefined;
  /** Where `from` is left out: the newest so many dates. Default 30. */
  limit?: number;
}

/** A partition of a pipeline, and what its runs have come to. Instants are ISO 8601 in UTC, and null where it is no date. */
export interface PartitionRow {
  /** Such as `2026-01-31`, or `2026-01-31|emea`. */
  partition: string;
  /** The nominal start: `run.scheduledTime`. */
  scheduledTime: string | null;
  /** The nominal start before. */
  intervalStart: string | null;
  /** The nominal start itself. */
  intervalEnd: string | null;
  /** However its runs were started. One that was cancelled has come to nothing, and leaves the date `missing`. */
  state: PartitionState;
  /** How many runs it has had, as far as Temporal keeps them. */
  attempts: number;
  /** The run that the state is of; null for none. */
  workflowId: string | null;
}

const DEFAULT_LIMIT = 30;
/** Stand for what is left out, in a range of which only one end is given. */
const [FIRST, LAST] = ['2000', '2099'];

/**
 * The partitions of a pipeline up to now, oldest first. Of a pipeline that is given by its name, the dates are those of its schedule in
 * Temporal; of one without dates, the partitions are those that have run.
 */
export async function listPartitions(
  { client, taskQueue }: { client: Client; taskQueue: string },
  pipeline: BackfillInput['pipeline'],
  { limit = DEFAULT_LIMIT, ...given }: PartitionsOptions = {},
): Promise<Parsed<PartitionRow[]>> {
  const parsed = parseBackfillInput({ ...given, from: given.from ?? FIRST, to: given.to ?? LAST, pipeline });
  if (!parsed.ok) return parsed;
  const { request, spec } = parsed.value;
  const known = request.spec ?? (await scheduledSpec(client, request.name));
  const list = known ? partitionsIn(spec, known, given, limit) : null;
  if (list && !list.ok) return list;
  const partitions = list?.value?.all();
  const { workflow } = client;
  if (partitions) {
    const { name } = request;
    const states = await partitionStates(workflow, name, partitions);
    const runs = await rememberedToo(workflow, { taskQueue, pipeline: name }, partitions, states);
    return { ok: true, value: partitions.map((one) => rowOf(one, runs.get(one.partition))) };
  }
  const runs = await partitionsThatRan(workflow, request.name);
  const rows = [...runs].map(([partition, one]) => rowOf(dateless(partition), one));
  return { ok: true, value: rows.sort((a, b) => (a.partition < b.partition ? -1 : 1)) };
}

function partitionsIn(
  spec: BackfillRequest['spec'],
  pipeline: PipelineSpec,
  { from, to = null }: { from?: string | undefined; to?: string | null | undefined },
  most: number,
) {
  const until = Date.now();
  return from === undefined
    ? newestPartitions(spec, pipeline, { to, until, most })
    : backfillPartitions(spec, pipeline, until);
}

const rowOf = ({ params: _, ...times }: Partition, runs: KnownRuns | undefined): PartitionRow => ({
  ...times,
  state: runs?.state ?? 'missing',
  attempts: runs?.attempts ?? 0,
  workflowId: runs?.workflowId ?? null,
});

/** What the schedule of a pipeline starts; null where there is no schedule of this name, or it looks the definition up itself. */
async function scheduledSpec(client: Client, name: string): Promise<PipelineSpec | null> {
  try {
    const { action } = await client.schedule.getHandle(name).describe();
    const parsed = parsePipelineInput(action.args?.[0]);
    return parsed.ok ? parsed.value.spec : null;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}
