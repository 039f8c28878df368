import { isObject, type JsonValue } from '../../base/json.js';
import { isTemplate } from '../../templates/engine.js';

type Projects = Record<string, JsonValue>;

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
