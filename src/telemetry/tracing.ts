import type { WorkerPlugin } from '@temporalio/worker';
import { ConfigError } from '../config.js';
import { HexError, type Observe } from '../hex/index.js';
import { version } from '../version.js';

/** Traces of pipelines, of their steps and of each request to Hex. */
export interface Tracing {
  /** What makes a worker trace its workflows and activities. */
  plugin: WorkerPlugin;
  /** Puts each request to Hex of a connection into the trace of the activity that sends it. */
  observe: (connection: string) => Observe;
  /** Sends what is still to be sent. */
  close(): Promise<void>;
}

/** Optional peer dependencies. Histories of another major version of the first do not replay: see docs/monitoring.md. */
const PACKAGES = [
  '@temporalio/interceptors-opentelemetry@~1.24',
  '@opentelemetry/api@1',
  '@opentelemetry/sdk-trace-node@1',
  '@opentelemetry/resources@1',
  '@opentelemetry/exporter-trace-otlp-http@0.57',
];
/** A worker that is killed loses the spans of so long. */
const SENT_EVERY_MS = 1_000;

/** @throws ConfigError where the packages that it needs are not installed */
export async function startTracing(endpoint: string): Promise<Tracing> {
  const { temporal, node, resources, otlp } = await load();
  const resource = new resources.Resource({ 'service.name': 'temporal-hex', 'service.version': version });
  const spanProcessor = new node.BatchSpanProcessor(
    new otlp.OTLPTraceExporter({ url: `${endpoint}/v1/traces` }),
    { scheduledDelayMillis: SENT_EVERY_MS },
  );
  const provider = new node.NodeTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register();
  const tracer = provider.getTracer('temporal-hex', version);
  return {
    plugin: withoutItsWorkflowModules(new temporal.OpenTelemetryPlugin({ resource, spanProcessor, tracer })),
    observe: (connection) => (call, send) =>
      tracer.startActiveSpan(`Hex ${call.operation}`, { kind: CLIENT }, async (span) => {
        span.setAttributes({
          'hex.connection': connection,
          'http.request.method': call.method,
          'url.path': call.path,
        });
        const note = (status: number | null, traceId: string | null) => {
          if (status !== null) span.setAttribute('http.response.status_code', status);
          if (traceId !== null) span.setAttribute('hex.trace_id', traceId);
        };
        try {
          const answer = await send();
          note(answer.status, answer.traceId ?? traceIdIn(answer.body));
          return answer;
        } catch (error) {
          if (error instanceof HexError) {
            note(error.status, error.traceId);
            span.setAttribute('error.type', error.kind);
            span.setStatus({ code: ERROR, message: error.message });
          }
          throw error;
        } finally {
          span.end();
        }
      }),
    close: () => provider.shutdown(),
  };
}

/** Most answers have it in their body alone. */
function traceIdIn(body: string): string | null {
  return /"traceId"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? null;
}

/** Workflows have interceptors of ours: traced-workflows.ts. */
function withoutItsWorkflowModules(plugin: WorkerPlugin): WorkerPlugin {
  return {
    name: plugin.name,
    async configureWorker(options) {
      const { workflowModules } = options.interceptors ?? {};
      const configured = (await plugin.configureWorker?.(options)) ?? options;
      return { ...configured, interceptors: { ...configured.interceptors, workflowModules } };
    },
  };
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR`. */
const CLIENT = 2;
const ERROR = 2;

async function load() {
  try {
    const [temporal, node, resources, otlp] = await Promise.all([
      import('@temporalio/interceptors-opentelemetry'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
    return { temporal, node, resources, otlp };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message = `needs packages that are not installed: npm install ${PACKAGES.join(' ')}`;
    throw new ConfigError([{ variable: 'HEX_OTLP_ENDPOINT', message }]);
  }
}
