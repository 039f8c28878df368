import { searchAttributes } from '../contract/search-attributes.js';

export const LISTED_STATUSES = [
  'running',
  'queued',
  'waiting',
  'paused',
  'success',
  'skipped',
  'failed',
  'cancelled',
  'terminated',
  'timed_out',
] as const;
/** How a pipeline stands in lists. `failed` has a failure that says why; Temporal itself ends one as `terminated` or `timed_out`. */
export type ListedStatus = (typeof LISTED_STATUSES)[number];

/** Temporal's status of the workflow. */
const EXECUTION: Record<ListedStatus, string> = {
  running: 'Running',
  queued: 'Running',
  waiting: 'Running',
  paused: 'Running',
  success: 'Completed',
  skipped: 'Completed',
  failed: 'Failed',
  cancelled: 'Canceled',
  terminated: 'Terminated',
  timed_out: 'TimedOut',
};

/** What only our own attribute tells from another status. */
const FINE: readonly ListedStatus[] = ['queued', 'waiting', 'paused', 'skipped'];

export interface Wanted {
  /** Name of the pipeline. */
  pipeline?: string | undefined;
  /** Keys of partitions. Only the search attributes can search for them: the rows have to be looked through. */
  partitions?: readonly string[] | undefined;
  /** What their workflow ids begin with. */
  ids?: readonly string[] | undefined;
  statuses?: readonly ListedStatus[] | undefined;
  since?: Date | undefined;
  /** Also runs that were started by themselves; `all`: those of pipelines too. Default false. */
  runs?: boolean | 'all' | undefined;
}

const RUN = "WorkflowType = 'hexRun'";
/** What tells runs that were started by themselves from those of pipelines. Servers before 1.23 do not know it. */
export const PARENT = 'ParentWorkflowId';
/** Runs that were started by themselves, in Temporal's own words: those of pipelines have a parent. */
export const RUN_ALONE = `${RUN} AND ${PARENT} IS NULL`;

/** Whether a query can hold a text: what quotes and backslashes in it mean depends on the server, and nothing would be found. */
export const canSearchFor = (text: string) => !/["'\\]/.test(text);

/**
 * The pipelines that may be wanted, in Temporal's own words. With `searchable: false` it names no attribute of ours. Those from before
 * the attributes existed, and texts that a query cannot hold, are found either way, and have to be looked through.
 */
export function queryOf(
  { pipeline, partitions, ids, statuses = [], since, runs = false }: Wanted,
  searchable: boolean,
): string {
  const pipelines = "WorkflowType = 'hexPipeline'";
  const clauses = [runs ? `(${pipelines} OR (${runs === 'all' ? RUN : RUN_ALONE}))` : pipelines];
  if (since) clauses.push(`StartTime >= '${since.toISOString()}'`);
  if (ids?.every(canSearchFor))
    clauses.push(`(${ids.map((id) => `WorkflowId STARTS_WITH ${JSON.stringify(id)}`).join(' OR ')})`);
  if (pipeline !== undefined && searchable && canSearchFor(pipeline))
    clauses.push(orAbsent('pipeline', pipeline));
  if (searchable && partitions?.every(canSearchFor))
    clauses.push(
      `${searchAttributes.partition.name} IN (${partitions.map((one) => JSON.stringify(one)).join(', ')})`,
    );
  const states = statuses.map((status) => {
    const execution = `ExecutionStatus = '${EXECUTION[status]}'`;
    return FINE.includes(status) && searchable
      ? `(${execution} AND ${orAbsent('status', status)})`
      : execution;
  });
  if (states.length > 0) clauses.push(`(${[...new Set(states)].join(' OR ')})`);
  return clauses.join(' AND ');
}

/** Also those from before the attribute existed, and those that came to nothing before they could set it. */
export function orAbsent(attribute: 'pipeline' | 'status', value: string): string {
  const { name } = searchAttributes[attribute];
  return `(${name} = ${JSON.stringify(value)} OR ${name} IS NULL)`;
}
