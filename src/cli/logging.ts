import type { LogSettings } from '../config/log.js';
import { createLogger } from '../telemetry/logger.js';
import { installRuntime } from '../telemetry/runtime.js';
import type { Output } from './output.js';
import type { GlobalOptions } from './session.js';

/** What `--log-level` and `--log-format` ask for; `otherwise` where they are not given. */
export function logSettings({ logLevel, logFormat }: GlobalOptions, otherwise: LogSettings): LogSettings {
  return { level: logLevel ?? otherwise.level, format: logFormat ?? otherwise.format };
}

/** Sets up the log of a command that has a worker of its own: errors, unless more is asked for. */
export function logErrors(globals: GlobalOptions, { stderr }: Output): void {
  const settings = logSettings(globals, { level: 'error', format: 'text' });
  const logger = createLogger({ ...settings, write: (line) => stderr.write(line) });
  installRuntime({ logger, level: settings.level, shutdownSignals: [] });
}
