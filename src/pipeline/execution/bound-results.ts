import { isObject, type JsonValue, jsonSize } from '../../base/json.js';
import type { StepError, StepResult } from './result.js';

/** Temporal takes payloads of up to 2 MiB; one that is larger would keep the workflow from ever ending. */
export const RESULT_BYTES = 1_000_000;
/** An output that stays whole even when the results have to be cut. */
const SMALL_BYTES = 500;
const ERROR_WORDS = 200;

/** Results of steps that fit into a payload of Temporal's. */
export interface BoundResults {
  /** In the order of the definition. */
  steps: Record<string, StepResult>;
  /** True when the results were too large together, and only ids, statuses and small values are left. */
  truncated?: true;
}

/**
 * The results of all steps, cut down where they are too large to be returned. The children's own results stay whole.
 */
export function boundResults(steps: Record<string, StepResult>, mostBytes = RESULT_BYTES): BoundResults {
  if (jsonSize(steps) <= mostBytes) return { steps };
  const cut = Object.fromEntries(Object.entries(steps).map(([id, result]) => [id, slim(result)]));
  return { steps: cut, truncated: true };
}

/** Results of items to be taken over by a rerun, cut down where they are too large together. */
export function boundItems(items: Record<string, JsonValue>, mostBytes: number): Record<string, JsonValue> {
  if (jsonSize(items) <= mostBytes) return items;
  return Object.fromEntries(Object.entries(items).map(([index, item]) => [index, slimItem(item)]));
}

function slim(result: StepResult): StepResult {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(result)) {
    if (key === 'items' && Array.isArray(value)) kept.items = value.map(slimItem);
    else if (key === 'error' && isObject(value)) kept.error = slimError(value as unknown as StepError);
    else if (jsonSize(value) <= SMALL_BYTES) kept[key] = value;
    else kept[key] = isObject(value) ? {} : null;
  }
  return kept as unknown as StepResult;
}

/** What is left of the result of an item. */
export function slimItem(item: JsonValue): JsonValue {
  if (!isObject(item)) return null;
  const { success, status, runId } = item;
  return { success: success ?? false, status: status ?? null, ...(runId !== undefined && { runId }) };
}

/** What is left of the error of a step or an item. */
export function slimError(error: StepError): StepError {
  return { ...error, message: error.message.slice(0, ERROR_WORDS) };
}
