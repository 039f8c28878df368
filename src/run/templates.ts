import type { JsonValue } from '../base/json.js';
import type { Problem } from '../base/problems.js';
import type { VariablePath } from '../templates/engine.js';
import { isTimeZone } from '../templates/filters.js';
import { renderValue, type ScopeShape, templateProblems } from '../templates/values.js';
import { type ExecutionStart, RUN_FIELDS, runScope } from './scope.js';

/** What only pipelines know of themselves. */
const OF_PIPELINE_RUNS: readonly string[] = ['pipeline', 'interval', 'partition'];
const FIELDS = RUN_FIELDS.filter((name) => !OF_PIPELINE_RUNS.includes(name));
const OF_PIPELINES = ['params', 'steps', 'item', 'index'];

const SHAPE: ScopeShape = { roots: { run: FIELDS }, whyNot };

const MEND = `A run of its own knows ${FIELDS.map((name) => `run.${name}`).join(', ')}: for other values give hexPipeline one step; to send the braces themselves, write {% raw %}...{% endraw %}`;

/** What is wrong with the templates of the input of a lone `hexRun`, without rendering them. */
export function runTemplateProblems(raw: Record<string, unknown>): Problem[] {
  return templateProblems(templatesOf(raw), SHAPE, '').map(({ path, message }) => ({
    path,
    message: `${message}. ${MEND}`,
  }));
}

/** The input of a lone `hexRun` with its templates filled in. */
export function renderRun(
  raw: Record<string, unknown>,
  start: ExecutionStart,
): { value: JsonValue; problems: Problem[] } {
  const { timezone } = raw;
  const zone = typeof timezone === 'string' && isTimeZone(timezone) ? timezone : 'UTC';
  const { value, problems } = renderValue(templatesOf(raw), { run: runScope(start, zone) });
  return {
    value: { ...(value as object), ...(timezone !== undefined && { timezone }) } as JsonValue,
    problems,
  };
}

/** All fields but the zone, which the templates themselves are read in. */
function templatesOf({ timezone, ...others }: Record<string, unknown>): JsonValue {
  return others as JsonValue;
}

function whyNot([root, name]: VariablePath): string | null {
  const ofPipelines =
    OF_PIPELINES.includes(String(root)) || (root === 'run' && OF_PIPELINE_RUNS.includes(String(name)));
  return ofPipelines ? 'only the steps of a pipeline have it' : null;
}
