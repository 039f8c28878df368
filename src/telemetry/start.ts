import type { LogSettings } from '../config/log.js';
import type { Config } from '../config.js';
import { createLogger } from './logger.js';
import type { Metrics } from './metrics.js';
import { installRuntime } from './runtime.js';
import type { Telemetry } from './telemetry.js';

/** What {@link startTelemetry} needs. */
export interface TelemetryOptions {
  /** Of `loadConfig()`: what is logged, served and sent, and the connections to count for. */
  config: Config;
  /** Default: that of the configuration. */
  log?: LogSettings;
  /** Takes lines of the log with their ends. Default: standard error. */
  write?: (line: string) => unknown;
  /** Signals on which the SDK shuts workers down. Default SIGINT and SIGTERM. */
  shutdownSignals?: readonly NodeJS.Signals[];
}

/**
 * Sets up the log of this process and, where `HEX_METRICS_ADDRESS` or `HEX_OTLP_ENDPOINT` is set, its metrics, health and
 * traces. To be called once, before anything else of Temporal's.
 *
 * @throws ConfigError where the address is taken, or a package for traces is not installed
 * @example
 * const config = loadConfig();
 * const telemetry = await startTelemetry({ config });
 * await runWorker({ config, telemetry });
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { config, log = config.log, write = (line) => process.stderr.write(line) } = options;
  const { shutdownSignals = ['SIGINT', 'SIGTERM'] } = options;
  let hear: Metrics['hear'] | null = null;
  const logger = createLogger({ ...log, write, onEvent: (...event) => hear?.(...event) });
  const runtime = { logger, level: log.level, shutdownSignals };
  if (!config.metricsAddress && !config.otlpEndpoint) {
    installRuntime(runtime);
    const nothing = { begin: () => {}, askThrough: () => {}, close: async () => {} };
    return { logger, address: null, observe: null, plugins: [], ...nothing };
  }
  // A worker that exports nothing does not load what that needs.
  const { startExport } = await import('./start-export.js');
  const { metrics, ...started } = await startExport(config, runtime);
  hear = metrics.hear;
  return { logger, ...started };
}
