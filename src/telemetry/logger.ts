import type { LogMetadata } from '@temporalio/common';
import type { LogEntry, Logger, LogLevel } from '@temporalio/worker';
import { DefaultLogger } from '@temporalio/worker';
import type { LogSettings } from '../config/log.js';
import { type LogEvent, logEventOf } from '../contract/log-events.js';
import { logLine } from './log-line.js';

export interface LoggerOptions extends LogSettings {
  /** Takes a line with its end. */
  write: (line: string) => unknown;
  /** Hears every event, with the attributes of its line, whether that is written or not. */
  onEvent?: (event: LogEvent, attributes: LogMetadata) => void;
}

const RANK: Record<LogLevel, number> = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4 };
const LEAST: Record<LogSettings['level'], number> = { debug: 0, info: 2, warn: 3, error: 4, never: 5 };

/** The logger of a process: ours and that of Temporal's SDK. One line an entry. */
export function createLogger({ level, format, write, onEvent }: LoggerOptions): Logger {
  return new DefaultLogger('TRACE', (entry) => {
    const event = logEventOf(entry.meta);
    if (event) onEvent?.(event, entry.meta ?? {});
    if (isWanted(entry, level)) write(`${logLine(entry, format)}\n`);
  });
}

function isWanted(entry: LogEntry, level: LogSettings['level']): boolean {
  if (RANK[entry.level] < LEAST[level] || isToldByUs(entry)) return false;
  return level !== 'info' || entry.level !== 'INFO' || !ofTheSdk(entry);
}

/** What the SDK says of its own doings is of interest to who looks for a fault. */
function ofTheSdk({ meta }: LogEntry): boolean {
  return meta?.sdkComponent === 'worker' || meta?.sdkComponent === 'core';
}

/** Our own line says more. A failure of any other kind is a bug in this package. */
function isToldByUs({ message, meta }: LogEntry): boolean {
  if (message !== 'Workflow failed' || !['hexRun', 'hexPipeline'].includes(String(meta?.workflowType)))
    return false;
  return /Failure$/.test(String((meta?.error as Error | undefined)?.name));
}
