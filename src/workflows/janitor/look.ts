import { continueAsNew, sleep, workflowInfo } from '@temporalio/workflow';
import type { ReadCost } from '../../activities/janitor-read.js';
import type { ListPlace } from '../../activities/look-for-strays.js';
import type {
  JanitorInput,
  JanitorReport,
  JanitorSpec,
  LeftRuns,
  UncleanEnd,
} from '../../run/janitor-input.js';
import { retriedActivities } from '../retried.js';

const REQUEST_TIMEOUT_MS = 30_000;
const DAY_MS = 86_400_000;
/** Temporal may take so long to list a workflow that has started or closed. */
const LISTED_WITHIN_MS = 120_000;
/** So many closed workflows are looked at one by one; of more, the full look finds the runs. */
const MOST_ENDS = 2_000;

/**
 * Each asks Hex once, or not at all; one that finds no room for its read is told when to come again, and waits there.
 */
const { listStartedProjects, listUncleanEnds, findStray, lookForStrays } = retriedActivities({
  attemptMs: 300_000,
  withinMs: 21_600_000,
});

/** What is to be looked at: a project's list from a place on, or what one closed workflow has left. */
type Item = { projectId: string; place: ListPlace } | { end: UncleanEnd };

type Janitor = (input: JanitorInput, carried: Look) => Promise<JanitorReport>;

/** A look as it stands; plain data, since continue-as-new carries it. */
export interface Look extends LeftRuns {
  untilMs: number;
  projects: string[];
  /** What has not been looked at yet. */
  items: Item[];
  unreadable: string[];
  foreign: string[];
  reads: number;
  /** Not before this time may the next read be sent. */
  nextReadAtMs: number;
}

/** Decides what to look at. */
export async function beginLook(spec: JanitorSpec): Promise<Look> {
  const untilMs = workflowInfo().startTime.getTime();
  return newLook(
    spec.look === 'quick' ? await uncleanEnds(spec, untilMs) : await projectLists(spec, untilMs),
  );
}

/** A look that has not begun. */
export function newLook(items: Item[]): Look {
  const projects = items.map((item) => ('end' in item ? item.end.projectId : item.projectId));
  return {
    untilMs: workflowInfo().startTime.getTime(),
    items,
    projects: [...new Set(projects)],
    strays: [],
    possible: [],
    unreadable: [],
    foreign: [],
    reads: 0,
    nextReadAtMs: 0,
  };
}

/** The first round. It keeps its place: what has been looked at is not looked at again, whatever happens. */
export async function firstRound(spec: JanitorSpec, input: JanitorInput, look: Look): Promise<void> {
  for (let item = look.items[0]; item; item = look.items[0]) {
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<Janitor>(input, look);
    if ('end' in item) await lookAtEnd(spec, look, item.end);
    else await lookAtProject(spec, look, item);
  }
}

/** The second round: one read of each run that seemed to be a stray. */
export async function secondRound(spec: JanitorSpec, look: Look): Promise<LeftRuns> {
  const again: LeftRuns = { strays: [], possible: [] };
  const check = async (kind: keyof LeftRuns) => {
    for (const { workflowId, projectId, runId } of look[kind]) {
      const end = { workflowId, projectId, runId, unknownSinceMs: null };
      const found = await find(spec, look, end);
      again[kind].push(...found.strays);
    }
  };
  await check('strays');
  await check('possible');
  return again;
}

/** The report of the schedule's look before, where there was one. */
export function lookBefore(): JanitorReport | null {
  const report = workflowInfo().lastResult as Partial<JanitorReport> | null | undefined;
  return typeof report?.until === 'string' ? (report as JanitorReport) : null;
}

async function uncleanEnds(
  { connection, lookbackMs, projects }: JanitorSpec,
  untilMs: number,
): Promise<Item[]> {
  const before = lookBefore();
  const sinceMs = before
    ? Date.parse(before.until) - LISTED_WITHIN_MS
    : Math.max(0, untilMs - (lookbackMs ?? DAY_MS));
  const found: UncleanEnd[] = [];
  let page: string | undefined;
  do {
    const answer = await listUncleanEnds({ connection, sinceMs, ...(page && { page }) });
    found.push(...answer.ends);
    page = answer.nextPage ?? undefined;
  } while (page && found.length < MOST_ENDS);
  return found
    .filter(({ projectId }) => projects?.includes(projectId) ?? true)
    .slice(0, MOST_ENDS)
    .map((end) => ({ end }));
}

async function projectLists(spec: JanitorSpec, untilMs: number): Promise<Item[]> {
  const projects = spec.projects ?? (await startedProjects(spec, untilMs));
  return [...new Set(projects)]
    .sort()
    .map((projectId) => ({ projectId, place: { status: null, offset: 0 } }));
}

/** All that Temporal still knows of, and what the look before knew. */
async function startedProjects({ connection, lookbackMs }: JanitorSpec, untilMs: number): Promise<string[]> {
  const before = lookbackMs === null ? lookBefore() : null;
  const sinceMs =
    lookbackMs === null
      ? Math.max(0, Date.parse(before?.until ?? '1970-01-01T00:00:00Z') - LISTED_WITHIN_MS)
      : Math.max(0, untilMs - lookbackMs);
  const projects = new Set(before?.projects.filter((projectId) => !before.unreadable.includes(projectId)));
  let page: string | undefined;
  do {
    const answer = await listStartedProjects({ connection, sinceMs, ...(page && { page }) });
    for (const projectId of answer.projects) projects.add(projectId);
    page = answer.nextPage ?? undefined;
  } while (page);
  return [...projects];
}

async function lookAtEnd(spec: JanitorSpec, look: Look, end: UncleanEnd): Promise<void> {
  const { strays, possible } = await find(spec, look, end);
  look.items.shift();
  suspect(look, 'strays', strays);
  suspect(look, 'possible', possible);
}

async function lookAtProject(
  { connection }: JanitorSpec,
  look: Look,
  { projectId, place }: { projectId: string; place: ListPlace },
): Promise<void> {
  const request = { connection, projectId, place, requestTimeoutMs: REQUEST_TIMEOUT_MS };
  const found = await paced(look, () => lookForStrays(request));
  look.items.shift();
  if (found.next) look.items.unshift({ projectId, place: found.next });
  if (found.unreadable) look.unreadable.push(projectId);
  look.foreign = [...new Set([...look.foreign, ...found.foreign])];
  suspect(look, 'strays', found.strays);
}

function find({ connection }: JanitorSpec, look: Look, end: UncleanEnd) {
  return paced(look, () => findStray({ connection, end, requestTimeoutMs: REQUEST_TIMEOUT_MS }));
}

/**
 * Keeps the look's reads as far apart as its share of them asks. The workers see to it too, but each of its own reads
 * alone.
 */
async function paced<T extends ReadCost>(look: Look, read: () => Promise<T>): Promise<T> {
  const waitMs = look.nextReadAtMs - Date.now();
  if (waitMs > 0) await sleep(waitMs, { summary: 'Until the next read' });
  const answer = await read();
  look.reads += answer.reads;
  look.nextReadAtMs = Date.now() + answer.paceMs;
  return answer;
}

/** Several workflows may lead to one run. */
function suspect(look: Look, kind: keyof LeftRuns, found: LeftRuns[keyof LeftRuns]): void {
  const known = new Set(look[kind].map(({ runId }) => runId));
  look[kind].push(...found.filter(({ runId }) => !known.has(runId)));
}
