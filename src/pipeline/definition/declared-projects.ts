import { isObject, type JsonValue } from '../../base/json.js';
import type { Parsed } from '../../base/problems.js';
import { isTemplate } from '../../templates/engine.js';

/** The file beside pipeline files that declares the inputs of projects for all of them. */
export const PROJECTS_FILE = 'projects.yaml';

type Projects = Record<string, JsonValue>;

/** The declarations in a {@link PROJECTS_FILE}; what they say is checked with the definition that takes them over. */
export function readProjects(document: JsonValue): Parsed<Projects> {
  // A pipeline may have that name too.
  if (Array.isArray(document) || (isObject(document) && document.steps !== undefined))
    return { ok: true, value: {} };
  const { projects, ...others } = isObject(document) ? document : { projects: null };
  if (isObject(projects) && Object.keys(others).length === 0) return { ok: true, value: projects };
  const message =
    'must hold what a pipeline file holds under "projects", and nothing else: {"projects": {"<project id>": {"inputs": {"date": "date"}}}}';
  return { ok: false, problems: [{ path: '', message }] };
}

/** The input of `hexPipeline` with what is declared of the projects that it runs. Its own declarations win. */
export function withProjects(input: JsonValue, declared: Projects): JsonValue {
  if (Array.isArray(input)) return withProjects({ steps: input }, declared);
  if (!isObject(input)) return input;
  const { steps, pipeline, projects = {} } = input;
  if (steps === undefined)
    return pipeline === undefined || typeof pipeline === 'string'
      ? input
      : { ...input, pipeline: withProjects(pipeline, declared) };
  const used = projectIds(steps);
  const all = [...used].some(isTemplate);
  const taken = Object.entries(declared).filter(([id]) => all || used.has(id));
  if (taken.length === 0 || !isObject(projects)) return input;
  return { ...input, projects: { ...Object.fromEntries(taken), ...projects } };
}

/** The ids of the projects that steps run, those of sub-pipelines included. */
function projectIds(steps: JsonValue, into: Set<string> = new Set()): Set<string> {
  for (const step of Array.isArray(steps) ? steps : []) {
    if (!isObject(step)) continue;
    if (typeof step.projectId === 'string') into.add(step.projectId);
    if (isObject(step.pipeline)) projectIds(step.pipeline.steps ?? null, into);
  }
  return into;
}
