import type { WorkflowClient, WorkflowExecutionInfo } from '@temporalio/client';
import { inParallel } from '../base/in-parallel.js';
import { searchAttributes } from '../contract/search-attributes.js';
import type { HexRunResult } from '../run/result.js';
import { lenient } from './lenient.js';
import { canSearchFor } from './query.js';
import { resultOf } from './run-results.js';
import { searching } from './search.js';

const COMPLETED = "WorkflowType = 'hexRun' AND ExecutionStatus = 'Completed'";
/** So many runs of each project count, the newest. */
const COMPARED = 20;
/** The newest runs are looked through for them, in one page: Temporal gives few reads of its lists a second. */
const LOOKED_THROUGH = 1_000;
/** A query may not become too long: where there are more, the newest runs of all projects are looked through. */
const MOST_IN_QUERY = 200;
const AT_ONCE = 10;

/** How long completed runs of these projects took in Hex, in ms, as far as Temporal keeps them: the newest of each. */
export async function earlierRunsOf(
  workflows: WorkflowClient,
  projectIds: readonly string[],
): Promise<Map<string, number[]>> {
  const earlier = new Map(projectIds.map((id): [string, number[]] => [id, []]));
  if (projectIds.length === 0) return earlier;
  const canAsk = projectIds.length <= MOST_IN_QUERY && projectIds.every(canSearchFor);
  const runs = await searching((searchable) =>
    newest(workflows, searchable && canAsk ? `${COMPLETED} AND ${isOf(projectIds)}` : COMPLETED, earlier),
  );
  await inParallel(runs, AT_ONCE, async (info) => {
    const result = await resultOf<HexRunResult>(workflows, info);
    if (result?.status !== 'COMPLETED' || result.joined || result.elapsedMs === null) return;
    const known = earlier.get(result.projectId);
    if (known && known.length < COMPARED) known.push(result.elapsedMs);
  });
  return earlier;
}

function isOf(projectIds: readonly string[]): string {
  return `${searchAttributes.projectId.name} IN (${projectIds.map((id) => JSON.stringify(id)).join(', ')})`;
}

/** As many of each wanted project as count; all of those that do not say whose they are. */
async function newest(
  workflows: WorkflowClient,
  query: string,
  wanted: ReadonlyMap<string, unknown>,
): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  const counts = new Map<string, number>();
  let looked = 0;
  for await (const info of lenient(workflows).list({ query, pageSize: LOOKED_THROUGH })) {
    const project = info.typedSearchAttributes.get(searchAttributes.projectId);
    const count = (project === undefined ? 0 : (counts.get(project) ?? 0)) + 1;
    if (project !== undefined) counts.set(project, count);
    const isWanted = project === undefined || wanted.has(project);
    if (isWanted && count <= COMPARED) found.push(info);
    looked += 1;
    if (looked >= LOOKED_THROUGH) break;
  }
  return found;
}
