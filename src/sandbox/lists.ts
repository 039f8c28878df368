import type { SandboxCall } from './call.js';
import { runStatuses, triggers } from './operation.js';
import { type Project, projectBody } from './projects.js';
import { type Run, statusAt } from './runs.js';
import { type Answer, errorAnswer, runBody } from './wire.js';

/** An integer from the query within bounds; null = it is something else. */
function integer(text: string | null, fallback: number, min: number, max: number): number | null {
  if (text === null || text === '') return fallback;
  const value = Number(text);
  return Number.isInteger(value) && value >= min && value <= max ? value : null;
}

function choice<T extends string>(text: string | null, allowed: readonly T[]): T | null | 'bad' {
  if (text === null || text === '') return null;
  return allowed.find((value) => value === text) ?? 'bad';
}

/** GetProjectRuns: newest first, offset paging by addresses of the next and previous page. */
export function listProjectRuns({ state, context, query, path }: SandboxCall, project: Project): Answer {
  const limit = integer(query.get('limit'), 25, 1, 100);
  const offset = integer(query.get('offset'), 0, 0, Number.MAX_SAFE_INTEGER);
  const status = choice(query.get('statusFilter'), runStatuses);
  const trigger = choice(query.get('runTriggerFilter'), [...triggers, 'ALL']);
  const problems = [
    ...(limit === null ? ['limit must be an integer from 1 to 100'] : []),
    ...(offset === null ? ['offset must be an integer of 0 or more'] : []),
    ...(status === 'bad' ? [`statusFilter must be one of ${runStatuses.join(', ')}`] : []),
    ...(trigger === 'bad' ? [`runTriggerFilter must be one of ${triggers.join(', ')}, ALL`] : []),
  ];
  if (limit === null || offset === null || problems.length > 0) {
    return errorAnswer(context, 400, 'Invalid query', problems);
  }
  const wanted = trigger ?? context.settings.defaultTriggers;
  const now = state.clock.now();
  const fits = (run: Run) =>
    (wanted === 'ALL' || run.trigger === wanted) && (status === null || statusAt(run, now) === status);
  const all = state.runs.ofProject(project.id);
  const page: Run[] = [];
  let found = 0;
  // Newest first; one run more than the page shows whether there is a next page.
  for (let at = all.length - 1; at >= 0 && found <= offset + limit; at -= 1) {
    const run = all[at];
    if (run === undefined || !fits(run)) continue;
    if (found >= offset && found < offset + limit) page.push(run);
    found += 1;
  }
  const address = (from: number) => {
    const next = new URLSearchParams(query);
    next.set('limit', String(limit));
    next.set('offset', String(from));
    return `${context.origin}${path}?${next}`;
  };
  return {
    status: 200,
    json: {
      runs: page.map((run) => runBody(context, run, now)),
      nextPage: found > offset + limit ? address(offset + limit) : null,
      previousPage: offset > 0 ? address(Math.max(0, offset - limit)) : null,
      traceId: context.traceId,
    },
  };
}

const sortKeys = {
  CREATED_AT: 'createdAt',
  LAST_EDITED_AT: 'lastEditedAt',
  LAST_PUBLISHED_AT: 'lastPublishedAt',
} as const;

function values(query: URLSearchParams, name: string): string[] {
  return [...query.getAll(name), ...query.getAll(`${name}[]`)];
}

function wantedProjects(projects: Project[], query: URLSearchParams): Project[] {
  const yes = (name: string) => query.get(name) === 'true';
  const same = (name: string, value: string) => (query.get(name) ?? value) === value;
  const statuses = values(query, 'statuses');
  const categories = values(query, 'categories');
  const collection = query.get('collectionId');
  return projects.filter(
    (project) =>
      (!project.archived || yes('includeArchived')) &&
      (!project.trashed || yes('includeTrashed')) &&
      (project.type !== 'COMPONENT' || yes('includeComponents')) &&
      same('creatorEmail', project.creatorEmail) &&
      same('ownerEmail', project.ownerEmail) &&
      (collection === null || project.collectionIds.includes(collection)) &&
      (statuses.length === 0 || statuses.includes(project.statusLabel ?? '')) &&
      (categories.length === 0 || categories.some((name) => project.categories.includes(name))),
  );
}

const cursorOf = (project: Project) => Buffer.from(project.id).toString('base64url');

/** ListProjects: cursor paging, newest created first; in legacy mode all projects as a bare array. */
export function listProjects({ state, context, query }: SandboxCall): Answer {
  const limit = integer(query.get('limit'), 25, 1, 100);
  const sortBy = choice(query.get('sortBy'), ['CREATED_AT', 'LAST_EDITED_AT', 'LAST_PUBLISHED_AT'] as const);
  const direction = choice(query.get('sortDirection'), ['ASC', 'DESC'] as const);
  if (limit === null || sortBy === 'bad' || direction === 'bad') {
    return errorAnswer(context, 400, 'Invalid query: check limit (1 to 100), sortBy and sortDirection');
  }
  const key = sortKeys[sortBy ?? 'CREATED_AT'];
  const sign = direction === 'ASC' ? 1 : -1;
  const found = wantedProjects(state.projects.all(), query).sort(
    (a, b) => sign * ((a[key] ?? 0) - (b[key] ?? 0)) || a.id.localeCompare(b.id),
  );
  const now = state.clock.now();
  const body = (project: Project) => projectBody(project, now, query.get('includeSharing') === 'true');
  if (context.settings.legacy)
    return { status: 200, json: found.map((project) => legacyProject(project, body)) };
  const at = (cursor: string | null) =>
    cursor === null ? -1 : found.findIndex((project) => cursorOf(project) === cursor);
  const after = query.get('after');
  const before = query.get('before');
  if ((after !== null && at(after) < 0) || (before !== null && at(before) < 0)) {
    return errorAnswer(context, 400, 'Unknown cursor');
  }
  const end = before === null ? found.length : at(before);
  const from = after === null ? (before === null ? 0 : Math.max(0, end - limit)) : at(after) + 1;
  const page = found.slice(from, Math.min(from + limit, end));
  const first = page[0];
  const last = page.at(-1);
  const pagination = {
    after: last !== undefined && from + page.length < found.length ? cursorOf(last) : null,
    before: first !== undefined && from > 0 ? cursorOf(first) : null,
  };
  return { status: 200, json: { values: page.map(body), pagination } };
}

/** What older scripts read: `name`, `projectId` and a plain status word, beside today's fields. */
function legacyProject(project: Project, body: (project: Project) => Record<string, unknown>): unknown {
  return {
    ...body(project),
    name: project.title,
    projectId: project.id,
    status: project.published ? 'PUBLISHED' : 'DRAFT',
  };
}
