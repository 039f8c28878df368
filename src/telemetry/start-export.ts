import type { Client } from '@temporalio/client';
import { Runtime, type RuntimeOptions } from '@temporalio/worker';
import type { Config } from '../config.js';
import type { Observe } from '../hex/index.js';
import { choosePort } from '../temporal-server/ports.js';
import { BackfillGauges } from './backfills.js';
import { RecentReads, showBudgets } from './budgets.js';
import { Health } from './health.js';
import { BUCKETS, createMetrics, type Metrics } from './metrics.js';
import { observeForMetrics } from './observe.js';
import { installRuntime, type RuntimeSettings } from './runtime.js';
import { ScheduleGauges } from './schedules.js';
import { SensorGauges } from './sensors.js';
import { startTelemetryServer, type TelemetryServer } from './server.js';
import type { Telemetry } from './telemetry.js';
import { startTracing } from './tracing.js';

/** How often metrics are sent, and brought up to date before, where nobody scrapes them. */
const SENT_EVERY_MS = 15_000;

/**
 * Serves metrics and health, or sends metrics, and sends traces. All metrics are Core's, for ours go through its meter. It
 * shows them at a port of this machine, and our server hands them on.
 */
export async function startExport(
  config: Config,
  runtime: RuntimeSettings,
): Promise<Omit<Telemetry, 'logger'> & { metrics: Metrics }> {
  const { metricsAddress, otlpEndpoint, connections } = config;
  const tracing = otlpEndpoint === null ? null : await startTracing(otlpEndpoint);
  const corePort = await choosePort(0);
  installRuntime({
    ...runtime,
    metrics: metricsAddress ? served(corePort) : sentTo(otlpEndpoint ?? ''),
  });
  const metrics = createMetrics(Runtime.instance().metricMeter, Object.keys(connections));
  const reads = new RecentReads();
  const schedules = new ScheduleGauges();
  const backfills = new BackfillGauges();
  const sensors = new SensorGauges();
  const health = new Health();
  let client: Client | null = null;
  const refresh = async () => {
    const { ready } = await health.readiness();
    metrics.ready(ready);
    if (!client || !ready) return;
    await Promise.all([
      showBudgets(metrics, client, config, reads),
      schedules.show(metrics, client, config.taskQueue),
      backfills.show(metrics, client, config.taskQueue),
      sensors.show(metrics, client, config.taskQueue),
    ]);
  };
  let server: TelemetryServer | null = null;
  if (metricsAddress)
    server = await startTelemetryServer({ address: metricsAddress, health, corePort, refresh });
  const timer = metricsAddress ? undefined : setInterval(() => void refresh().catch(() => {}), SENT_EVERY_MS);
  timer?.unref();
  return {
    metrics,
    address: server?.address ?? null,
    plugins: tracing ? [tracing.plugin] : [],
    observe(connection) {
      const counted = observeForMetrics(connection, metrics, reads);
      return tracing ? within(tracing.observe(connection), counted) : counted;
    },
    begin: (worker, connection) => health.begin(worker, connection),
    askThrough(given) {
      client = given;
    },
    async close() {
      clearInterval(timer);
      await server?.close();
      await tracing?.close();
    },
  };
}

function within(outer: Observe, inner: Observe): Observe {
  return (call, send) => outer(call, () => inner(call, send));
}

type Exporter = NonNullable<RuntimeOptions['telemetryOptions']>['metrics'];

function served(port: number): Exporter {
  return {
    attachServiceName: false,
    prometheus: {
      bindAddress: `127.0.0.1:${port}`,
      countersTotalSuffix: true,
      unitSuffix: true,
      useSecondsForDurations: true,
      histogramBucketOverrides: BUCKETS,
    },
  };
}

function sentTo(endpoint: string): Exporter {
  return {
    otel: {
      url: `${endpoint}/v1/metrics`,
      http: true,
      metricsExportInterval: SENT_EVERY_MS,
      useSecondsForDurations: true,
      histogramBucketOverrides: BUCKETS,
    },
  };
}
