import { type Logger, type LogLevel, Runtime, type RuntimeOptions } from '@temporalio/worker';
import type { LogSettings } from '../config/log.js';

/** What Core hands on: at `info` its warnings, as of the SDK. */
const CORE: Record<LogSettings['level'], LogLevel> = {
  debug: 'DEBUG',
  info: 'WARN',
  warn: 'WARN',
  error: 'ERROR',
  never: 'ERROR',
};

export interface RuntimeSettings {
  logger: Logger;
  level: LogSettings['level'];
  shutdownSignals: readonly NodeJS.Signals[];
  metrics?: NonNullable<RuntimeOptions['telemetryOptions']>['metrics'];
}

/** Sets Temporal's SDK up for this process. To be called before any worker or connection is made. */
export function installRuntime({ logger, level, shutdownSignals, metrics }: RuntimeSettings): void {
  Runtime.install({
    logger,
    telemetryOptions: {
      logging: { filter: { core: CORE[level], other: 'ERROR' }, forward: {} },
      ...(metrics && { metrics }),
    },
    shutdownSignals: [...shutdownSignals],
  });
}
