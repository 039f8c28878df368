import type { LogEntry } from '@temporalio/worker';
import { isObject } from '../base/json.js';
import type { LogSettings } from '../config/log.js';

/** One entry on one line, without its end. */
export function logLine(entry: LogEntry, format: LogSettings['format']): string {
  const time = new Date(Number(entry.timestampNanos / 1_000_000n)).toISOString();
  const message = oneLine(entry.message);
  const fields = fieldsOf(entry.meta ?? {});
  if (format === 'json')
    return JSON.stringify({ time, level: entry.level.toLowerCase(), message, ...fields });
  const { error, ...facts } = fields;
  const words = Object.entries(facts).map(([name, value]) => `${name}=${valueText(value)}`);
  return [time, entry.level.padEnd(5), error ? `${message}: ${error}` : message, ...words].join(' ');
}

/** In this order, before all others. */
const FIRST = ['event', 'workflowId', 'runId', 'pipeline', 'step', 'projectId', 'hexRunId', 'traceId'];
/** A task token lets its owner answer for a worker. The others say the same in every line. */
const LEFT_OUT = /^(task_?token|sdkComponent|namespace|taskQueue|isLocal)$/i;

function fieldsOf(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { error, ...facts } = meta;
  const names = [...FIRST, ...Object.keys(facts).filter((name) => !FIRST.includes(name))];
  const fields: Record<string, unknown> = {};
  for (const name of names) {
    const value = facts[name];
    if (value !== undefined && value !== null && !LEFT_OUT.test(name)) fields[name] = plain(value);
  }
  return { ...fields, ...errorFields(error) };
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return oneLine(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof Error) return errorWords(value);
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return String(value);
  }
}

/** What an error says, what Hex said of it, and where it was thrown, should that be a bug. */
function errorFields(error: unknown): Record<string, unknown> {
  if (error === undefined || error === null) return {};
  const { details, stack, name = '' } = error as Partial<Error> & { details?: unknown };
  const facts: unknown = Array.isArray(details) ? details[0] : null;
  const { traceId = null, httpStatus = null } = isObject(facts) ? facts : {};
  return {
    ...(traceId !== null && { traceId }),
    ...(httpStatus !== null && { httpStatus }),
    error: errorWords(error),
    ...(stack && !/Failure$|^Hex/.test(name) && { stack: withoutToken(stack) }),
  };
}

function errorWords(error: unknown): string {
  const words: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null; ) {
    const { message = String(at), type, name, cause } = at as Partial<Error> & { type?: string };
    const said = oneLine(message);
    if (!words.some((word) => word.includes(said))) words.push(`${type ?? name ?? 'Error'}: ${said}`);
    at = cause;
  }
  return words.join(' <- ');
}

function oneLine(text: string): string {
  return withoutToken(text)
    .trim()
    .replace(/\s*[\r\n]+\s*/g, '; ');
}

/** Temporal's Core names task tokens in some of its warnings. */
function withoutToken(text: string): string {
  return text.replace(/TaskToken\([^)]*\)/g, 'TaskToken(...)');
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(value);
}
