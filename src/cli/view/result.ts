import { formatDuration } from '../../base/duration.js';
import { isObject } from '../../base/json.js';
import type { Output } from '../output.js';
import { plain, table } from '../output.js';

const FACTS = ['status', 'projectId', 'runId', 'runUrl', 'projectVersion', 'startTime', 'endTime'] as const;

type Colors = Output['colors'];

/** The end of a run or a pipeline for people: a table of its steps, or the facts of the run. */
export function resultText(result: unknown, colors: Colors): string {
  if (!isObject(result)) return plain(JSON.stringify(result) ?? '');
  const aside = existingKey(result) ?? notMeant(result);
  if (aside) return aside;
  return isObject(result.steps) ? stepsTable(result.steps, colors) : runFacts(result, colors);
}

/**
 * What there is to say of a start that did not run because of its key; null of all others, and of those that joined.
 */
function existingKey({ skipped }: Record<string, unknown>): string | null {
  if (!isObject(skipped)) return null;
  const { key, workflowId, state } = skipped;
  return `Skipped: ${text(workflowId)} ${state === 'running' ? 'is running' : 'has succeeded'} with the key "${text(key)}".`;
}

/** What there is to say of a start that did not run because its schedule means another. */
function notMeant({ notMeant: meant }: Record<string, unknown>): string | null {
  return isObject(meant) ? `${text(meant.reason)}.` : null;
}

/** Results of steps by id, as a pipeline returns them or tells them in its failure. */
export function stepsTable(steps: Record<string, unknown>, colors: Colors): string {
  const head = ['STEP', 'STATUS', 'TOOK', 'HEX RUN'].map((title) => colors.dim(title));
  return table([head, ...Object.entries(steps).map(([id, step]) => stepRow(id, step, colors))]);
}

function stepRow(id: string, step: unknown, colors: Colors): string[] {
  if (!isObject(step)) return [id, plain(String(step))];
  const colour = step.success === true ? colors.green : step.status === 'SKIPPED' ? colors.dim : colors.red;
  const error = isObject(step.error) ? step.error : {};
  const took = typeof step.durationMs === 'number' ? formatDuration(step.durationMs) : '';
  const link = text(step.runUrl) || text(error.runUrl) || text(step.workflowId);
  const status = typeof step.status === 'number' ? String(step.status) : text(step.status);
  return [plain(id), colour(status), took, link || whatElse(step)];
}

/** What there is to say of a step without a run of its own: a fan-out, a person's decision, a step that did not run. */
function whatElse(step: Record<string, unknown>): string {
  if (Array.isArray(step.items)) return `${step.succeeded} of ${step.count} items`;
  return [text(step.by) && `by ${text(step.by)}`, text(step.reason)].filter(Boolean).join(': ');
}

function runFacts(result: Record<string, unknown>, colors: Colors): string {
  const rows = FACTS.filter((fact) => result[fact]).map((fact) => [colors.dim(fact), text(result[fact])]);
  for (const fact of ['elapsedMs', 'durationMs'] as const) {
    const value = result[fact];
    if (typeof value === 'number') rows.push([colors.dim(fact.replace('Ms', '')), formatDuration(value)]);
  }
  if (result.adopted === true) rows.push([colors.dim('adopted'), 'yes: the answer to the start was lost']);
  return table(rows);
}

function text(value: unknown): string {
  return typeof value === 'string' ? plain(value) : '';
}
