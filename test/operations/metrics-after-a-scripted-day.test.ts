import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import type { LogEvent } from '../../src/contract/log-events.js';
import { HeardOnce } from '../../src/telemetry/heard-once.js';
import { boundedLabel, OTHER } from '../../src/telemetry/labels.js';
import { emptyFolder, startCli } from '../support/cli.js';
import { FAST, harness, TOKEN } from '../support/harness.js';
import { type Scrape, scrape } from '../support/prometheus.js';

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));

/** For promtool: which series make which alerts fire. */
const ALERTS_FIRE = fileURLToPath(new URL('../fixtures/alerts.promtool.yaml', import.meta.url));

/** Core begins this series with the first failure. */
const WITH_THE_FIRST_FAILURE = ['temporal_workflow_task_execution_failed_total'];

let day: Scrape | undefined;

it('counts what a day brings, of Hex, of runs and of Temporal, at one port', async () => {
  const rig = await harness({
    worker: false,
    env: { HEX_LIMITS: 'on', HEX_STARTS_PER_MINUTE: 'none', HEX_KEEPER: 'on' },
  });
  const { hex, sandbox, env, temporal, taskQueue } = rig;
  const worker = startCli(['worker'], { ...env, HEX_METRICS_ADDRESS: '127.0.0.1:0' });
  const [, address = ''] = await worker.says(/Serves .* at http:\/\/(\S+)/);
  await worker.says(/works on task queue/);
  const ended = async (start: Promise<{ result(): Promise<unknown> }>) =>
    (await start).result().catch((error: unknown) => error);

  // One that Hex refuses to show at first, in three ways, and then completes.
  sandbox.script(
    [503, 429, 401].map((status) => ({
      match: { operation: 'getRunStatus' as const },
      status,
      headers: { 'retry-after': '1' },
    })),
  );
  await ended(hex.startRun({ projectId: 'sales', ...FAST, key: 'day-1' }));
  // One with its key, which is not started; one that is lost and found; one that fails in its pipeline.
  await ended(hex.startRun({ projectId: 'sales', ...FAST, key: 'day-1', ifExists: 'skip' }));
  sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
  await ended(hex.startRun({ projectId: 'sales', ...FAST }));
  sandbox.script([{ endAs: 'ERRORED' }]);
  const pipeline = { name: 'nightly', steps: [{ id: 'load', projectId: 'orders', ...FAST }] };
  await ended(hex.startPipeline({ pipeline }));
  // One that cannot be cancelled.
  sandbox.script([{ duration: '1h' }, { match: { operation: 'cancelRun' }, status: 500, times: null }]);
  const stuck = await hex.startRun({ projectId: 'sales', ...FAST, cleanupTimeout: '1s' });
  await sandbox.waitFor(({ runs }) => runs.length === 4);
  await stuck.cancel();
  await ended(Promise.resolve(stuck));

  await expect.poll(async () => (await scrape(address)).value('temporal_hex_cleanups_failed_total')).toBe(1);
  day = await scrape(address);
  const { value } = day;
  const failedRun = { project: 'orders', outcome: 'failed', failure: 'HexRunErrored' };
  expect(value('temporal_hex_runs_total', { project: 'sales', outcome: 'completed' })).toBe(2);
  expect(value('temporal_hex_runs_total', { project: 'sales', outcome: 'skipped' })).toBe(1);
  expect(value('temporal_hex_runs_total', failedRun)).toBe(1);
  expect(value('temporal_hex_pipelines_total', { pipeline: 'nightly', outcome: 'failed' })).toBe(1);
  expect(value('temporal_hex_worker_ready')).toBe(1);
  expect(value('temporal_hex_runs_adopted_total', { project: 'sales' })).toBe(1);
  expect(value('temporal_hex_second_runs_avoided_total', { reason: 'adopted' })).toBe(1);
  expect(value('temporal_hex_second_runs_avoided_total', { reason: 'skipped' })).toBe(1);
  expect(value('temporal_hex_second_runs_avoided_total', { reason: 'joined' })).toBe(0);
  expect(value('temporal_hex_strays_total', { fate: 'left' })).toBe(0);

  expect(value('temporal_hex_requests_total', { operation: 'runProject', status: '201' })).toBe(3);
  expect(value('temporal_hex_requests_total', { operation: 'runProject', status: 'none' })).toBe(1);
  for (const [kind, count] of Object.entries({
    HexUnavailable: 1,
    HexRateLimited: 1,
    HexAuth: 1,
    HexNotFound: 0,
  }))
    expect(
      value('temporal_hex_request_failures_total', { connection: 'default', kind }),
      kind,
    ).toBeGreaterThanOrEqual(count);
  expect(value('temporal_hex_request_failures_total', { kind: 'HexAuth' })).toBe(1);
  expect(value('temporal_hex_request_failures_total', { kind: 'HexNotFound' })).toBe(0);
  expect(value('temporal_hex_request_duration_seconds_count', { operation: 'runProject' })).toBe(4);

  // Of 60 starts an hour four are used; the one that goes on has a kernel of 25.
  const starts = { connection: 'default', budget: 'starts_per_hour' };
  expect(value('temporal_hex_budget_used', starts)).toBe(4);
  expect(value('temporal_hex_budget_free', starts)).toBe(56);
  const kernels = { connection: 'default', budget: 'kernels' };
  expect(value('temporal_hex_budget_used', kernels)).toBe(1);
  expect(value('temporal_hex_budget_free', kernels)).toBe(24);
  expect(value('temporal_hex_budget_used', { budget: 'reads_per_minute' })).toBeGreaterThan(3);
  expect(value('temporal_hex_line_length', { connection: 'default' })).toBe(0);
  expect(value('temporal_hex_queue_wait_seconds_count', { connection: 'default' })).toBe(3);
  // Three runs ended in Hex, the one with failing reads well after a second's share of the reads.
  expect(value('temporal_hex_end_to_seen_delay_seconds_count')).toBe(3);
  expect(value('temporal_hex_end_to_seen_delay_seconds_sum')).toBeGreaterThan(0);

  // A schedule whose pipeline has succeeded once, and a backfill of three dates, of which one failed and one runs.
  const name = taskQueue;
  const steps = [{ id: 'load', projectId: 'history', ...FAST }];
  const kept = { name, steps, schedule: { cron: '30 2 * * *' }, freshWithin: '2d' };
  onTestFinished(async () => {
    await hex.schedules.delete(name).catch(() => undefined);
    await temporal.workflow
      .getHandle(`hex-keeper/${taskQueue}`)
      .terminate()
      .catch(() => undefined);
  });
  await hex.schedules.apply([{ file: 'history.yaml', input: kept }]);
  await temporal.schedule.getHandle(name).trigger();
  await sandbox.waitFor(({ runs }) =>
    runs.some(({ projectId, status }) => projectId === 'history' && status === 'COMPLETED'),
  );
  sandbox.script([{ match: { projectId: 'history' }, endAs: 'ERRORED', duration: 50 }]);
  sandbox.settings({ durations: { history: '1h' } });
  const range = { from: '2026-03-27', to: '2026-03-29', maxActive: 1 };
  const backfill = await hex.backfills.start({ pipeline: kept, ...range });
  const shown = async (metric: string, labels: Record<string, string>) => {
    await temporal.workflow.getHandle(`hex-keeper/${taskQueue}`).signal('schedulesChanged', [name]);
    day = await scrape(address);
    return day.value(`temporal_hex_${metric}`, labels);
  };
  const partitions = (state: string) => () => shown('backfill_partitions', { pipeline: name, state });
  await expect.poll(partitions('running'), { timeout: 20_000 }).toBe(1);
  await expect.poll(partitions('failed'), { timeout: 20_000 }).toBe(1);
  await expect.poll(partitions('waiting')).toBe(1);
  const age = () => shown('schedule_freshness_lag_seconds', { schedule: name });
  await expect.poll(age, { timeout: 20_000 }).toBeLessThan(60);
  expect(day.value('temporal_hex_schedule_missed_starts', { schedule: name })).toBe(0);
  expect(day.value('temporal_hex_schedule_stale', { schedule: name })).toBe(0);
  await backfill.terminate('a test');
  await expect.poll(partitions('failed')).toBe(0);

  // A sensor that has nobody to tell of an ending, and is paused.
  const signal = { workflowId: `nobody-${taskQueue}`, name: 'ended' };
  await hex.sensors.start({ name, on: { projects: 'sensed', every: '200ms' }, signal });
  await expect.poll(async () => (await hex.sensors.describe(name)).projects[0]?.lookedAt).not.toBeNull();
  const sensor = (metric: string) => () => shown(`sensor_${metric}`, { sensor: name });
  expect(await sensor('lag_seconds')()).toBe(0);
  sandbox.seed({ projectId: 'sensed', duration: 1 });
  await expect.poll(sensor('failing_starts'), { timeout: 20_000 }).toBe(1);
  await hex.sensors.pause(name, 'ada');
  await expect.poll(sensor('lag_seconds')).toBeGreaterThan(0);
  expect(day.value('temporal_hex_sensor_given_up_endings', { sensor: name })).toBe(0);
  await hex.sensors.delete(name);
  await expect.poll(sensor('failing_starts'), { timeout: 20_000 }).toBe(0);

  expect(value('temporal_workflow_failed_total', { workflow_type: 'hexPipeline' })).toBe(1);
  expect(value('temporal_activity_execution_latency_seconds_count', { activity_type: 'triggerRun' })).toBe(4);
  expect(day.text).not.toContain(TOKEN);
});

/** A data converter that fails the first task of each run and pipeline that ends, after its lines were logged. */
const FAILS_ENDS_ONCE = `
  const failed = new Set();
  const end = ({ data }) => /"success":(true|false)/.test(Buffer.from(data).toString());
  const codec = {
    decode: async (payloads) => payloads,
    async encode(payloads, { workflowId } = {}) {
      if (!payloads.some(end) || failed.has(workflowId)) return payloads;
      failed.add(workflowId);
      throw new Error('this task is to be done again');
    },
  };
  export const dataConverter = { payloadCodecs: [codec] };
`;

it('counts a run and a pipeline once where the task of their end is done again, and logs it twice', async () => {
  const { hex, env, taskQueue } = await harness({ worker: false });
  const module = join(emptyFolder(), 'fails-ends-once.mjs');
  writeFileSync(module, FAILS_ENDS_ONCE);
  const worker = startCli(['worker'], {
    ...env,
    HEX_METRICS_ADDRESS: '127.0.0.1:0',
    HEX_DATA_CONVERTER: module,
  });
  const [, address = ''] = await worker.says(/Serves .* at http:\/\/(\S+)/);
  const pipeline = { name: 'nightly', steps: [{ id: 'load', projectId: 'sales', ...FAST }] };
  await (await hex.startPipeline({ pipeline }, { workflowId: taskQueue })).result();
  for (const event of ['run_ended', 'pipeline_ended'])
    await worker.says(new RegExp(`event=${event} [^]*event=${event} `));
  const { value } = await scrape(address);
  expect(value('temporal_hex_runs_total', { project: 'sales', outcome: 'completed' })).toBe(1);
  expect(value('temporal_hex_pipelines_total', { pipeline: 'nightly', outcome: 'completed' })).toBe(1);
  expect(value('temporal_hex_pipeline_duration_seconds_count')).toBe(1);
});

it('tells what happens to another run, step or execution from what was said before', () => {
  const heard = new HeardOnce(3);
  const run = { projectId: 'p', connection: 'c', hexRunId: 'a' };
  const [at, other] = [{ runId: '1' }, { runId: '2' }];
  expect(heard.isNew({ event: 'cleanup_failed', ...run }, at)).toBe(true);
  expect(heard.isNew({ event: 'cleanup_failed', ...run }, at)).toBe(false);
  expect(heard.isNew({ event: 'cleanup_failed', ...run }, other)).toBe(true);
  expect(heard.isNew({ event: 'cleanup_failed', ...run, hexRunId: 'b' }, at)).toBe(true);
  const waits: LogEvent = { event: 'step_waiting', pipeline: 'p', step: 'approve', state: 'approval' };
  expect([heard.isNew(waits, at), heard.isNew(waits, at)]).toEqual([true, true]);
  // It remembers three.
  expect(heard.isNew({ event: 'pipeline_started', pipeline: 'p' }, at)).toBe(true);
  expect(heard.isNew({ event: 'cleanup_failed', ...run }, other)).toBe(false);
  expect(heard.isNew({ event: 'cleanup_failed', ...run }, at)).toBe(true);
});

it('shows the budgets also where what Temporal stores is encrypted', async () => {
  const { env } = await harness({ worker: false, env: { HEX_LIMITS: 'on' } });
  const worker = startCli(['worker'], {
    ...env,
    HEX_METRICS_ADDRESS: '127.0.0.1:0',
    HEX_CODEC_KEYS: `k1:${'11'.repeat(32)}`,
  });
  const [, address = ''] = await worker.says(/Serves .* at http:\/\/(\S+)/);
  const free = async () => (await scrape(address)).value('temporal_hex_budget_free', { budget: 'kernels' });
  await expect.poll(free, { timeout: 30_000 }).toBe(25);
});

it('names, units and descriptions are as Prometheus wants them', () => {
  const ours = [...(day?.types ?? [])].filter(([name]) => name.startsWith('temporal_'));
  expect(ours.length).toBeGreaterThan(30);
  for (const [name, type] of ours) {
    if (type === 'counter') expect(name).toMatch(/_total$/);
    else expect(name).not.toMatch(/_total$/);
    if (type === 'histogram' && /latency|delay|duration|wait/.test(name)) expect(name).toMatch(/_seconds$/);
    expect(name).not.toMatch(/milliseconds/);
    if (name.startsWith('temporal_hex_')) expect(day?.helped, name).toContain(name);
  }
});

it('every metric that the dashboard and the alerts name is there', () => {
  const files = [
    ...readdirSync(`${DEPLOY}grafana`).map((name) => `${DEPLOY}grafana/${name}`),
    `${DEPLOY}prometheus/alerts.yaml`,
  ];
  for (const file of files) {
    const named = new Set(readFileSync(file, 'utf8').match(/\btemporal_[a-z_]+\b(?!\()/g));
    const missing = [...named].filter(
      (name) => !day?.names.has(name) && !WITH_THE_FIRST_FAILURE.includes(name),
    );
    expect(missing, file).toEqual([]);
    expect(named.size).toBeGreaterThan(9);
  }
  const { groups } = parse(readFileSync(`${DEPLOY}prometheus/alerts.yaml`, 'utf8'));
  for (const { rules } of groups) {
    for (const rule of rules)
      expect(rule, rule.alert).toMatchObject({
        alert: expect.stringMatching(/^TemporalHex/),
        expr: expect.any(String),
        labels: { severity: expect.stringMatching(/^(critical|warning)$/) },
        annotations: { summary: expect.any(String), description: expect.any(String) },
      });
  }
});

it('promtool finds the alerts and the page of metrics in order, where there is one', ({ skip }) => {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
  } catch {
    skip('there is no promtool on PATH');
  }
  execFileSync('promtool', ['check', 'rules', `${DEPLOY}prometheus/alerts.yaml`]);
  execFileSync('promtool', ['check', 'metrics'], { input: day?.text ?? '' });
  execFileSync('promtool', ['test', 'rules', ALERTS_FIRE]);
});

it('a label that users fill has at most so many values', () => {
  const label = boundedLabel(2);
  expect(['a', 'b', 'c', 'a', 'd', null].map(label)).toEqual(['a', 'b', OTHER, 'a', OTHER, OTHER]);
});
