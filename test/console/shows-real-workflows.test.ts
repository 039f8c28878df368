import { createSecretKey, randomBytes } from 'node:crypto';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { workflowLimiters } from '../../src/activities/limiters.js';
import type {
  ActionRequest,
  PipelineAnswer,
  RunAnswer,
  SchedulesAnswer,
  SensorRow,
} from '../../src/console/contract.js';
import { encryptionCodec } from '../../src/encryption/codec.js';
import { addressOf, type TestConsole, testConsole } from '../support/console.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';
import { hurriedConsole } from '../support/hurried-console.js';
import { connectClient, server } from '../support/server.js';

hurriedConsole();

let rig: Harness;
let web: TestConsole;

beforeAll(async () => {
  rig = await harness({ atEnd: afterAll, sandbox: { durations: { slow: 'forever' } } });
  web = await testConsole(rig.temporal, rig.taskQueue, afterAll);
});

const name = () => `console-${crypto.randomUUID().slice(0, 8)}`;

const etl = (pipeline: string, last = 'load') => ({
  name: pipeline,
  description: 'Daily figures',
  owner: 'data team',
  tags: ['finance'],
  timezone: 'Europe/Berlin',
  params: { region: { type: 'string' as const, default: 'emea', enum: ['emea', 'apac'] } },
  onFailure: 'continue' as const,
  steps: [
    { id: 'extract', projectId: 'extract', dependsOn: [], ...FAST },
    { id: 'transform', projectId: 'transform', dependsOn: 'extract', ...FAST },
    { id: 'check', projectId: 'check', dependsOn: 'extract', ...FAST },
    { id: 'load', projectId: last, dependsOn: ['transform', 'check'], ...FAST },
  ],
});

it('a pipeline with its grid, a run with its graph, bars and steps, and what a step was given and gave', async () => {
  const pipeline = name();
  const { workflowId } = await rig.hex.startPipeline(etl(pipeline));
  await rig.hex.result(workflowId);
  const told = await until('the list has it', async () => {
    const answer = await web.get('/api/pipeline', { name: pipeline });
    return answer.grid.runs[0]?.status === 'success' && answer;
  });
  expect(told).toMatchObject({
    description: 'Daily figures',
    owner: 'data team',
    tags: ['finance'],
    timezone: 'Europe/Berlin',
  });
  expect(told.grid).toMatchObject({
    steps: [
      { id: 'extract', kind: 'hex', after: [] },
      { id: 'transform', after: ['extract'] },
      { id: 'check', after: ['extract'] },
      { id: 'load', after: ['transform', 'check'] },
    ],
    runs: [{ workflowId, status: 'success', cells: 'ssss', trigger: 'manual' }],
    next: null,
    total: 1,
  });

  const run = await until('a worker has told how it stands', async () => {
    const answer = await web.get('/api/run', { workflowId });
    return !answer.lastKnown && answer;
  });
  expect(run).toMatchObject({
    kind: 'pipeline',
    status: 'success',
    params: { region: 'emea' },
    lastKnown: false,
    actions: ['rerun'],
    run: { pipeline, timezone: 'Europe/Berlin' },
    temporalUrl: expect.stringContaining(`http://ui.test/namespaces/default/workflows/${workflowId}/`),
  });
  expect(run.notices.filter(({ kind }) => kind !== 'loading')).toEqual([]);
  expect(run.steps.map(({ id, status, attempts, runId }) => [id, status, attempts, typeof runId])).toEqual(
    ['extract', 'transform', 'check', 'load'].map((id) => [id, 'success', 1, 'string']),
  );
  const { nodes, edges, width, height } = run.graph;
  expect(edges.map(({ from, to }) => `${from}>${to}`).sort()).toEqual([
    'check>load',
    'extract>check',
    'extract>transform',
    'transform>load',
  ]);
  for (const { x, y, w, h } of nodes)
    expect(x >= 0 && y >= 0 && x + w <= width && y + h <= height).toBe(true);
  const at = (id: string) => nodes.find((node) => node.id === id)?.x ?? 0;
  expect([
    at('extract') < at('transform'),
    at('transform') === at('check'),
    at('check') < at('load'),
  ]).toEqual([true, true, true]);
  // Before them there may be one of the time that a busy worker took to begin.
  const begun = run.gantt.rows.map(
    ({ step, bars }) => [step, bars.filter(({ kind }) => kind !== 'queued')] as const,
  );
  expect(begun.map(([step, bars]) => [step, bars.map(({ kind, outcome }) => `${kind} ${outcome}`)])).toEqual(
    ['extract', 'transform', 'check', 'load'].map((id) => [id, ['hex success']]),
  );

  const step = await web.get('/api/step', { workflowId, step: 'load' });
  expect(step).toMatchObject({
    input: { projectId: 'load' },
    result: { success: true, status: 'COMPLETED', runId: run.steps[3]?.runId },
    attempts: [{ attempt: 1, outcome: 'success', runId: run.steps[3]?.runId }],
    failure: null,
    truncated: false,
  });

  const pipelines = await web.get('/api/pipelines');
  expect(pipelines.pipelines.find((row) => row.name === pipeline)).toMatchObject({
    owner: 'data team',
    schedule: null,
    strip: [{ workflowId, status: 'success' }],
  });
  expect(await web.get('/api/pipeline/durations', { name: pipeline })).toMatchObject({
    runs: [{ workflowId }],
    trendPercent: null,
  });
  const { stats } = await until('its runs have been summed up', async () => {
    const found = await web.get('/api/pipeline/stats', { name: pipeline });
    return found.stats ? found : false;
  });
  expect(stats).toMatchObject({ failed: 0, rateLimited: 0, delayMs: { median: expect.any(Number) } });
  expect((await web.get('/api/pipeline/calendar', { name: pipeline })).days).toMatchObject([
    { status: 'success', total: 1, runs: [{ workflowId }] },
  ]);
  expect(await web.get('/api/pipeline/form', { name: pipeline })).toMatchObject({
    fields: [{ name: 'region', type: 'string', required: false, default: 'emea', enum: ['emea', 'apac'] }],
    definition: 'known',
  });
  expect(await web.get('/api/pipeline/definition', { name: pipeline })).toMatchObject({
    from: 'run',
    definition: { name: pipeline },
    graph: { nodes: expect.any(Array) },
  });
});

it('a failure with its step and its remedy, in grid, run and home, and text of people as text', async () => {
  const pipeline = name();
  const words = '<script>alert(1)</script>';
  rig.sandbox.script({ match: { projectId: 'transform' }, endAs: 'ERRORED' });
  const { workflowId } = await rig.hex.startPipeline({ ...etl(pipeline), description: words });
  await expect(rig.hex.result(workflowId)).rejects.toThrow();
  const home = await until('home has it', async () => {
    const answer = await web.get('/api/home');
    return answer.failed.some((row) => row.workflowId === workflowId) && answer;
  });
  expect(home.workers).toMatchObject([{ taskQueue: rig.taskQueue, count: 1 }]);
  const { grid, description } = await web.get('/api/pipeline', { name: pipeline });
  expect(description).toBe(words);
  expect(grid.runs[0]?.cells).toBe('sfsu');
  const run = await web.get('/api/run', { workflowId });
  expect(run.failure).toMatchObject({
    step: 'transform',
    type: 'HexRunErrored',
    hint: expect.stringContaining('Hex'),
  });
  const { headers, text } = await web.raw(addressOf('/api/run', { workflowId }), {
    headers: { cookie: web.cookie },
  });
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(JSON.parse(text)).toMatchObject({ description: words });
});

it('a change of a running pipeline is told within a second, without anybody asking', async () => {
  const pipeline = name();
  const { workflowId } = await rig.hex.startPipeline(etl(pipeline, 'slow'));
  await rig.sandbox.waitFor(({ runs }) =>
    runs.some(({ projectId, status }) => projectId === 'slow' && status === 'RUNNING'),
  );
  const topic = addressOf('/api/run', { workflowId });
  await web.watch([topic], (told) => (told.answer as RunAnswer).steps[3]?.runId != null);
  let ended = false;
  await web.watch([topic], (told) => {
    const { status, steps } = told.answer as RunAnswer;
    if (!ended && steps[3]?.status === 'running') {
      const slow = rig.sandbox.ledger().runs.findLast(({ projectId }) => projectId === 'slow');
      ended = true;
      rig.sandbox.endRun(slow?.runId ?? '', 'COMPLETED');
    }
    return status === 'success';
  });
  const toldMs = Date.now();
  const { closeTime } = await rig.temporal.workflow.getHandle(workflowId).describe();
  expect(toldMs - (closeTime?.getTime() ?? 0)).toBeLessThan(1_000);
});

it('a step that ends is told in the grid of its pipeline within a second, though the run goes on', async () => {
  const pipeline = name();
  const ask = (id: string) => ({ id, dependsOn: [], approval: { prompt: 'Go?' } });
  const { workflowId } = await rig.hex.startPipeline({ name: pipeline, steps: [ask('one'), ask('two')] });
  onTestFinished(() => rig.hex.cancel(workflowId));
  await until('it is listed', async () => {
    const shown = await web.get('/api/pipeline', { name: pipeline }).catch(() => null);
    return shown?.grid.runs[0]?.cells === 'aa' && shown.grid.runs[0].status === 'waiting';
  });
  let approval: Promise<number> | null = null;
  await web.watch([addressOf('/api/pipeline', { name: pipeline })], (told) => {
    const cells = (told.answer as PipelineAnswer).grid.runs[0]?.cells;
    approval ??= rig.hex.control(workflowId, 'approve', { step: 'one', by: 'ada' }).then(() => Date.now());
    return cells === 'sa';
  });
  const toldMs = Date.now();
  expect(toldMs - ((await approval) ?? 0)).toBeLessThan(1_000);
});

it('a run that was started by itself is on home while it runs and when it has failed; a step of a pipeline is not', async () => {
  const project = name();
  rig.sandbox.settings({ durations: { [project]: 'forever' } });
  const single = await rig.hex.startRun({ projectId: project, ...FAST });
  const { workflowId } = await rig.hex.startPipeline(etl(name(), 'slow'));
  onTestFinished(() => rig.hex.cancel(workflowId));
  const home = await until('both are listed', async () => {
    const answer = await web.get('/api/home');
    const ids = answer.running.map((row) => row.workflowId);
    const known = answer.running.some(({ projectId }) => projectId === project);
    return known && ids.includes(workflowId) && answer;
  });
  expect(home.running.find((row) => row.workflowId === single.workflowId)).toMatchObject({
    ...{ kind: 'run', projectId: project, pipeline: null, status: 'running' },
  });
  expect(home.running.filter((row) => row.workflowId.startsWith(`${workflowId}/`))).toEqual([]);
  const run = rig.sandbox.ledger().runs.find(({ projectId }) => projectId === project);
  rig.sandbox.endRun(run?.runId ?? '', 'ERRORED');
  await expect(single.result()).rejects.toThrow();
  await until('it is among the failures', async () => {
    const { failed } = await web.get('/api/home');
    return failed.some((row) => row.workflowId === single.workflowId && row.kind === 'run');
  });
});

it('a schedule, its coming starts, and what a clock change does to them', async () => {
  const pipeline = name();
  const input = { ...etl(pipeline), schedule: { cron: '30 2 * * *' } };
  await rig.hex.schedules.apply([{ file: `pipelines/${pipeline}.yaml`, input }]);
  try {
    const told = await until('the list of schedules has it', async () => {
      const answer = await web.get('/api/pipelines');
      return answer.pipelines.find((row) => row.name === pipeline && row.schedule?.drift != null);
    });
    expect(told).toMatchObject({
      timezone: 'Europe/Berlin',
      schedule: { id: pipeline, text: '30 2 * * * in Europe/Berlin', paused: false, drift: 'same' },
    });
    const schedule = await web.get('/api/pipeline/schedule', { name: pipeline, count: '3' });
    expect(schedule.coming).toHaveLength(3);
    expect(schedule.schedule).toMatchObject({
      file: `pipelines/${pipeline}.yaml`,
      drift: { state: 'same', changes: [] },
    });
    expect(schedule.clockChanges.map(({ text }) => text).sort()).toEqual([
      'the clock is put back by 60 minutes',
      'the clock is put forward by 60 minutes',
    ]);
    for (const { touched } of schedule.clockChanges)
      expect(touched).toMatchObject([{ note: expect.any(String) }]);
    const rows = await web.get('/api/schedules');
    expect(rows.schedules.find((row) => row.schedule === pipeline)).toMatchObject({
      pipeline,
      missed: 0,
      skipped: 0,
    });
    /** How long it takes until those who look are told, from when somebody changes it. */
    const toldAfterMs = async (paused: boolean, change: () => Promise<unknown>) => {
      let changed: Promise<number> | null = null;
      await web.watch(['/api/schedules'], (told) => {
        const row = (told.answer as SchedulesAnswer).schedules.find((one) => one.schedule === pipeline);
        if (row && changed === null) changed = change().then(() => Date.now());
        return row?.paused === paused;
      });
      return Date.now() - ((await changed) ?? 0);
    };
    expect(
      await toldAfterMs(true, () => web.act({ action: 'schedulePause', schedule: pipeline })),
    ).toBeLessThan(1_000);
    const elsewhere = rig.temporal.schedule.getHandle(pipeline);
    expect(await toldAfterMs(false, () => elsewhere.unpause())).toBeLessThan(6_000);
  } finally {
    await rig.hex.schedules.delete(pipeline);
  }
});

it('what there is not is said, not shown as a blank', async () => {
  for (const [path, query] of [
    ['/api/run', { workflowId: 'no-such-workflow' }],
    ['/api/backfill', { workflowId: 'no-such-workflow' }],
    ['/api/nothing', {}],
  ] as const) {
    const answer = await web.raw(addressOf(path, query), { headers: { cookie: web.cookie } });
    expect([path, answer.status, JSON.parse(answer.text).error.code]).toEqual([path, 404, 'not-found']);
  }
  const without = await web.raw('/api/pipeline', { headers: { cookie: web.cookie } });
  expect(JSON.parse(without.text).error).toMatchObject({ code: 'bad-input', problems: [{ path: 'name' }] });
});

it('a run that was encrypted with a key that the console does not have is listed, and hides no other', async () => {
  const codec = encryptionCodec([{ id: 'of-others', key: createSecretKey(randomBytes(32)) }]);
  const theirs = await connectClient(server.address, server.namespace, { payloadCodecs: [codec] });
  onTestFinished(() => theirs.connection.close());
  const sealed = await theirs.workflow.start('hexPipeline', {
    ...{ workflowId: name(), taskQueue: 'nobody', args: [etl(name())], memo: { hexName: 'sealed' } },
  });
  onTestFinished(async () => void (await sealed.terminate()));
  const plain = await rig.hex.startPipeline(etl(name(), 'slow'));
  const shown = await testConsole(rig.temporal, rig.taskQueue, onTestFinished);
  const listed = await until('both are listed', async () => {
    const { running } = await shown.get('/api/home');
    const ids = running.map(({ workflowId }) => workflowId);
    return ids.includes(sealed.workflowId) && ids.includes(plain.workflowId);
  });
  expect(listed).toBe(true);
});

it('a namespace without our search attributes still shows runs, and says what is missing', async () => {
  const namespace = `bare-${crypto.randomUUID().slice(0, 8)}`;
  const workflowExecutionRetentionPeriod = msToTs('1 day');
  await rig.temporal.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  const bare = await connectClient(server.address, namespace);
  onTestFinished(() => bare.connection.close());
  const shown = await testConsole(bare, rig.taskQueue, onTestFinished);
  const handle = await bare.workflow.start('hexPipeline', {
    workflowId: 'unserved',
    taskQueue: 'nobody',
    args: [etl('unserved')],
    memo: { hexName: 'unserved' },
  });
  const home = await until('it is listed', async () => {
    const answer = await shown.get('/api/home').catch(() => null);
    return answer?.running.some(({ workflowId }) => workflowId === handle.workflowId) && answer;
  });
  expect(home.notices).toContainEqual(
    expect.objectContaining({ kind: 'no-attributes', text: expect.stringContaining('HexPipeline') }),
  );
  const startedMs = Date.now();
  const run = await shown.get('/api/run', { workflowId: 'unserved' });
  expect(Date.now() - startedMs).toBeLessThan(3_000);
  expect(run).toMatchObject({
    lastKnown: true,
    graph: { nodes: { length: 4 } },
    notices: [{ kind: 'no-worker', about: 'nobody' }],
  });
  expect((await shown.get('/api/pipeline', { name: 'unserved' })).grid.runs).toMatchObject([
    { cells: '....' },
  ]);
});

it('bars tell the time in line, in Hex, until a retry, and for people apart', async () => {
  const [pipeline, project] = [name(), name()];
  rig.sandbox.script({ match: { projectId: project }, endAs: 'ERRORED', times: 1 });
  const { workflowId } = await rig.hex.startPipeline({
    name: pipeline,
    steps: [
      { id: 'ask', approval: { prompt: 'Go?' } },
      { id: 'run', projectId: project, retry: { maxAttempts: 2, on: ['ERRORED'], delay: '1100ms' }, ...FAST },
    ],
  });
  const asked = await until('it waits for people', async () => {
    const answer = await web.get('/api/run', { workflowId });
    return answer.gantt.rows[0]?.bars[0]?.kind === 'people' && answer;
  });
  expect(asked.gantt).toMatchObject({
    to: null,
    rows: [{ step: 'ask', bars: [{ kind: 'people', to: null }] }],
  });
  await web.act({ action: 'approve', workflowId, step: 'ask' });
  await rig.hex.result(workflowId);
  const { gantt } = await until('its end is told', async () => {
    const answer = await web.get('/api/run', { workflowId });
    return answer.status === 'success' && answer;
  });
  const bars = gantt.rows.map(({ step, bars: of }) => [
    step,
    of
      .filter(({ kind }) => kind !== 'line')
      .map(({ kind, attempt, outcome }) => `${kind} ${attempt} ${outcome}`),
  ]);
  expect(bars).toEqual([
    ['ask', ['people 1 null']],
    ['run', ['hex 1 failed', 'retry 2 null', 'hex 2 success']],
  ]);
  const [failed, retry, again] = gantt.rows[1]?.bars.filter(({ kind }) => kind !== 'line') ?? [];
  expect(failed?.text).toContain('ERRORED');
  expect((retry?.to ?? 0) - (retry?.from ?? 0)).toBeGreaterThanOrEqual(1_000);
  expect(again?.from ?? 0).toBeGreaterThanOrEqual(retry?.to ?? 0);
  const [people] = gantt.rows[0]?.bars ?? [];
  expect(people?.to).toBeLessThanOrEqual(failed?.from ?? 0);
});

it('a connection with its limits, when its token expires, and how Hex refused a start last', async () => {
  const limiters = workflowLimiters({
    workflows: rig.temporal.workflow,
    taskQueue: rig.taskQueue,
    settings: { default: { kernels: 3 } },
  });
  const expiresAt = '2027-03-01T00:00:00.000Z';
  await limiters.send('default', [
    { type: 'penalty', kind: 'rate', untilMs: Date.now() },
    { type: 'token', expiresAt },
  ]);
  const told = await until('it is listed', async () => {
    const { connections } = await web.get('/api/connections');
    return connections.find(({ token }) => token !== null);
  });
  expect(told).toMatchObject({
    ...{ name: 'default', token: { expiresAt }, inLine: 0, penalty: null },
    limits: { startsPerMinute: 20, startsPerHour: 60, kernels: 3 },
    budgets: { startsPerMinute: { used: expect.any(Number), limit: 20 }, kernels: { used: 0, limit: 3 } },
    lastRefusal: { at: expect.any(String), text: 'Hex refused a start: too many starts (429)' },
  });
  expect(told.budgets?.readsPerMinute).toBeNull();
  const look = (reader: string, used: number, agoMs: number) =>
    limiters.readPart('default', reader, 0, { nowMs: Date.now() - agoMs, used, perMinute: 30 });
  await look('busy', 0.4, 2_000);
  await look('other', 0.1, 10_000);
  await look('long ago', 0.9, 61_000);
  const used = await until('it is told', async () => {
    const [connection] = (await web.get('/api/connections')).connections;
    return connection?.budgets?.readsPerMinute;
  });
  expect(used).toEqual({ used: 15, limit: 30 });
  // A limiter in which nothing happens has no clock: what was used a minute ago is free again all the same.
  const startsUsed = async () =>
    (await web.get('/api/connections')).connections[0]?.budgets?.startsPerMinute.used ?? Number.NaN;
  const others = await startsUsed();
  const before = { requestId: 'before', workflowId: 'before', projectId: 'before' };
  const startedAt = Date.now() - 57_000;
  await limiters.send('default', [{ type: 'holding', runId: 'before', startedAt, ...before }]);
  await until('it counts', async () => (await startsUsed()) === others + 1);
  await until('it counts no more', async () => (await startsUsed()) === others, 10_000);
});

it('a sensor with how far it has got; it is paused, resumed and set back in the name of who asked', async () => {
  const sensor = name();
  await rig.hex.sensors.start({
    name: sensor,
    on: { projects: ['watched'], every: '150ms' },
    signal: { workflowId: 'nobody', name: 'ended' },
  });
  try {
    const row = await until('it has looked', async () => {
      const { sensors } = await web.get('/api/sensors');
      return sensors.find((one) => one.name === sensor && one.lastLook !== null);
    });
    expect(row).toMatchObject({
      status: 'running',
      lagMs: 0,
      trouble: null,
      cursor: { watched: expect.any(String) },
      temporalUrl: `http://ui.test/namespaces/default/workflows/hex-sensor%2F${sensor}`,
    });
    const shows = (what: string, wanted: (one: SensorRow) => boolean) =>
      until(what, async () => {
        const { sensors } = await web.get('/api/sensors');
        return sensors.find((one) => one.name === sensor && wanted(one));
      });
    const preview = (request: ActionRequest) => web.post('/api/actions/preview', request);
    expect(await preview({ action: 'sensorPause', sensor })).toMatchObject({
      ...{ reason: 'optional', refusal: null, button: 'Pause' },
      happens: [expect.stringContaining('reads nothing in Hex'), expect.any(String)],
    });
    const { by } = await web.act({ action: 'sensorPause', sensor, reason: 'holidays' });
    const paused = await shows('it is paused', ({ status }) => status === 'paused');
    expect(paused.paused).toEqual({ by, reason: 'holidays' });
    expect(await preview({ action: 'sensorPause', sensor })).toMatchObject({
      refusal: 'It is paused already.',
    });
    await web.act({ action: 'sensorResume', sensor });
    await shows('it goes on', ({ status }) => status === 'running');
    const since = '2026-01-31T00:00:00Z';
    expect(await preview({ action: 'sensorSince', sensor, since })).toMatchObject({
      ...{ reason: 'none', danger: false },
      happens: [
        expect.stringContaining('ended after 2026-01-31T00:00:00.000Z: for each it signals nobody'),
        expect.any(String),
      ],
    });
    expect(await preview({ action: 'sensorSince', sensor, since: '0ms' })).toMatchObject({ danger: true });
    await web.act({ action: 'sensorSince', sensor, since });
    await shows('its cursor is set', ({ cursor }) =>
      JSON.stringify(cursor).includes('2026-01-31T00:00:00.000Z'),
    );
    const { events } = await rig.temporal.workflow.getHandle(`hex-sensor/${sensor}`).fetchHistory();
    const signals = events?.flatMap(({ workflowExecutionSignaledEventAttributes: one }) => one ?? []) ?? [];
    expect(signals.slice(-3).map(({ signalName, identity }) => [signalName, identity])).toEqual(
      ['pause', 'resume', 'setSince'].map((signal) => [signal, `${by} (temporal-hex console)`]),
    );
    await expect(preview({ action: 'sensorSince', sensor, since: 'yesterday' })).rejects.toThrow(
      /400.*since.*neither a duration/,
    );
    await expect(preview({ action: 'sensorPause', sensor: name() })).rejects.toThrow(/404.*No sensor/);
    const future = '2999-01-01T00:00:00Z';
    await expect(preview({ action: 'sensorSince', sensor, since: future })).rejects.toThrow(/400.*since/);
    await expect(web.act({ action: 'sensorPause', sensor: name() })).rejects.toThrow(
      /400.*no such sensor runs/,
    );
  } finally {
    await rig.hex.sensors.delete(sensor);
  }
});
