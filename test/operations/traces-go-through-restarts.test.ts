import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Resource } from '@opentelemetry/resources';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { WorkflowHandle } from '@temporalio/client';
import { makeWorkflowExporter } from '@temporalio/interceptors-opentelemetry';
import { expect, it, onTestFinished } from 'vitest';
import { cli, startCli } from '../support/cli.js';
import { FAST, harness, TOKEN, until } from '../support/harness.js';
import { replayErrors } from '../support/replay.js';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: string } }[];
}

interface Export {
  resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
}

const spansIn = ({ resourceSpans }: Export) =>
  resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

/** What an OpenTelemetry collector gets by http. */
async function collector() {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const paths = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    paths.add(request.url ?? '');
    bodies.push(body);
    if (request.url === '/v1/traces') spans.push(...spansIn(JSON.parse(body)));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { spans, bodies, paths, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Recorded while traces were on. */
const tracedHistories = new Map<string, Awaited<ReturnType<WorkflowHandle['fetchHistory']>>>();

const attribute = ({ attributes }: Span, key: string) =>
  attributes.find((each) => each.key === key)?.value.stringValue;

it('one trace holds the pipeline, its step and each request to Hex, through a crash of the worker', async () => {
  const { spans, bodies, paths, url } = await collector();
  const { hex, sandbox, env, taskQueue, temporal } = await harness({
    worker: false,
    sandbox: { duration: '1h' },
  });
  const work = async () => {
    const worker = startCli(['worker'], { ...env, HEX_OTLP_ENDPOINT: url });
    await worker.says(/works on task queue/);
    return worker;
  };
  const seen = (what: string, fits: (span: Span) => boolean) =>
    until(what, async () => spans.find(fits), 40_000);

  const first = await work();
  const pipeline = { name: 'nightly', steps: [{ id: 'load', projectId: 'sales', ...FAST }] };
  const handle = await hex.startPipeline({ pipeline }, { workflowId: taskQueue });
  const start = await seen('the start', ({ name }) => name === 'Hex runProject');
  await seen('a read', ({ name }) => name === 'Hex getRunStatus');
  first.child.kill('SIGKILL');
  await first.ended;
  const before = spans.length;

  const second = await work();
  const [run] = sandbox.ledger().runs;
  sandbox.script([{ match: { operation: 'getRunStatus', runId: run?.runId }, endAs: 'COMPLETED' }]);
  await handle.result();
  const root = await seen('the pipeline', ({ name }) => name === 'RunWorkflow:hexPipeline');
  await until('metrics, which are sent every few seconds', async () => paths.has('/v1/metrics'), 60_000);
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);

  for (const id of [taskQueue, `${taskQueue}/load`])
    tracedHistories.set(id, await temporal.workflow.getHandle(id).fetchHistory());
  expect(start.traceId).toBe(root.traceId);
  expect(attribute(start, 'hex.trace_id')).toMatch(/./);
  const after = spans.slice(before).filter(({ name }) => name === 'Hex getRunStatus');
  expect(after.map(({ traceId }) => traceId)).toContain(root.traceId);

  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const way: string[] = [];
  for (let at: Span | undefined = start; at; at = byId.get(at.parentSpanId ?? '')) way.push(at.name);
  expect(way).toEqual([
    'Hex runProject',
    'RunActivity:triggerRun',
    'StartActivity:triggerRun',
    'RunWorkflow:hexRun',
    'StartChildWorkflow:hexRun',
    'RunWorkflow:hexPipeline',
  ]);
  expect(bodies.join('\n')).not.toContain(TOKEN);
});

const HISTORIES = fileURLToPath(new URL('../histories/', import.meta.url));
const bundle = (name: string) => ({
  workflowBundle: { codePath: fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url)) },
});
const traced = bundle('workflow-bundle-traced');
const untraced = bundle('workflow-bundle');

it('traces may be turned on and off while workflows are open: histories replay with and without', async () => {
  const nowhere = new SimpleSpanProcessor({ export: () => {}, shutdown: async () => {} });
  const sinks = { exporter: makeWorkflowExporter(nowhere, new Resource({})) };
  const recorded = readdirSync(HISTORIES)
    .filter((each) => each.endsWith('.json'))
    .map((name) => ({
      workflowId: name.replace(/\.json$/, ''),
      history: JSON.parse(readFileSync(`${HISTORIES}${name}`, 'utf8')),
    }));
  const withTraces = await replayErrors({ ...traced, sinks }, recorded);
  expect(withTraces).toEqual(recorded.map(() => undefined));
  expect(tracedHistories.size).toBe(2);
  const now = [...tracedHistories].map(([workflowId, history]) => ({ workflowId, history }));
  expect(await replayErrors(untraced, now)).toEqual([undefined, undefined]);
});

it('says what to install where the packages for traces are missing', async () => {
  const hooks = `export function resolve(name, context, next) {
    if (!name.startsWith('@opentelemetry/')) return next(name, context);
    throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
  const loader = `data:text/javascript,${encodeURIComponent(hooks)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(loader)});`;
  const { code, stderr } = await cli(['worker'], {
    HEX_API_TOKEN: TOKEN,
    HEX_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(register)}"`,
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /HEX_OTLP_ENDPOINT needs packages that are not installed: npm install @temporalio\/interceptors-opentelemetry@/,
  );
});
