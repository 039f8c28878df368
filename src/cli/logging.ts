import { DefaultLogger, type LogEntry, type LogLevel, Runtime } from '@temporalio/worker';
import { SIGNALS } from './interrupt.js';
import type { Stream } from './output.js';

/** The `temporal` command's words to those of the SDK, which has nothing above ERROR. */
const LEVELS: Record<string, LogLevel> = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' };

/**
 * Sets up what the SDK logs: a line an entry on standard error. To be called before any worker or connection is made.
 *
 * @param signals whether the SDK shuts workers down by itself on SIGINT, SIGTERM and SIGHUP
 */
export function installRuntime(level: string, stderr: Stream, signals: boolean): void {
  const write = (entry: LogEntry) => {
    if (level !== 'never') stderr.write(`${lineOf(entry)}\n`);
  };
  const named = LEVELS[level] ?? 'ERROR';
  Runtime.install({
    logger: new DefaultLogger(named, write),
    telemetryOptions: { logging: { filter: { core: named, other: 'ERROR' }, forward: {} } },
    shutdownSignals: signals ? [...SIGNALS] : [],
  });
}

function lineOf({ level, timestampNanos, message, meta }: LogEntry): string {
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const { sdkComponent: _component, error, ...facts } = meta ?? {};
  const words = error instanceof Error ? `${message}: ${error.message}` : message;
  const rest = Object.keys(facts).length > 0 ? ` ${safeJson(facts)}` : '';
  return `${time} ${level} ${words}${rest}`;
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '';
  }
}
