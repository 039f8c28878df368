import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import {
  type ActionRequest,
  CHANGE_HEADER,
  type RunAnswer,
  type StepRow,
} from '../../src/console/contract.js';
import { type Console, createConsole } from '../../src/console.js';
import { type TestConsole, testConsole } from '../support/console.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';
import { hurriedConsole } from '../support/hurried-console.js';

hurriedConsole();

let rig: Harness;
let web: TestConsole;

beforeAll(async () => {
  rig = await harness({ atEnd: afterAll, sandbox: { durations: { slow: 'forever' } } });
  web = await testConsole(rig.temporal, rig.taskQueue, afterAll);
});

const name = () => `acts-${crypto.randomUUID().slice(0, 8)}`;
const hexStep = (id: string, projectId = id) => ({ id, projectId, ...FAST });

const preview = (request: ActionRequest) => web.post('/api/actions/preview', request);
const run = (workflowId: string) => web.get('/api/run', { workflowId });
const step = (answer: RunAnswer, id: string) => answer.steps.find((one) => one.id === id) as StepRow;
const reaches = (workflowId: string, id: string, status: StepRow['status']) =>
  until(`${id} is ${status}`, async () => {
    const answer = await run(workflowId);
    return step(answer, id)?.status === status && answer;
  });
const runsOf = (projectId: string) => rig.sandbox.ledger().runs.filter((one) => one.projectId === projectId);

it('an approval is given in the name of whoever is signed in, and what follows runs in Hex', async () => {
  const project = name();
  const { workflowId } = await rig.hex.startPipeline({
    name: name(),
    steps: [{ id: 'ask', approval: { prompt: 'Publish <b>now</b>?' } }, hexStep('publish', project)],
  });
  const asked = await reaches(workflowId, 'ask', 'approval');
  expect(step(asked, 'ask')).toMatchObject({
    about: 'Publish <b>now</b>?',
    actions: ['skipStep', 'approve', 'reject'],
  });
  const request = { action: 'approve', workflowId, step: 'ask', reason: 'figures checked' } as const;
  expect(await preview(request)).toMatchObject({
    button: 'Approve',
    reason: 'optional',
    refusal: null,
    danger: false,
  });
  const { headers } = await web.raw('/api/me', {
    method: 'POST',
    headers: { cookie: web.cookie, 'content-type': 'application/json', 'x-temporal-hex-console': '1' },
    body: JSON.stringify({ name: 'Ada Lovelace' }),
  });
  const cookie = `${web.cookie}; ${String(headers['set-cookie']).split(';')[0]}`;
  const done = await web.raw('/api/actions', {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json', 'x-temporal-hex-console': '1' },
    body: JSON.stringify(request),
  });
  expect([done.status, JSON.parse(done.text).by]).toEqual([200, 'Ada Lovelace']);
  await rig.hex.result(workflowId);
  expect((await run(workflowId)).audit).toMatchObject([
    { action: 'approve', step: 'ask', by: 'Ada Lovelace', reason: 'figures checked' },
  ]);
  expect(runsOf(project)).toHaveLength(1);
});

it('a reason is asked for where one is required, and what cannot be done is refused with why', async () => {
  const { workflowId } = await rig.hex.startPipeline({
    name: name(),
    steps: [{ id: 'ask', approval: { prompt: 'Go?' } }, hexStep('after')],
  });
  await reaches(workflowId, 'ask', 'approval');
  expect(await preview({ action: 'reject', workflowId, step: 'ask' })).toMatchObject({
    reason: 'required',
    danger: true,
  });
  await expect(web.act({ action: 'reject', workflowId, step: 'ask' })).rejects.toThrow(/400.*reason/);
  expect(await preview({ action: 'retryStep', workflowId, step: 'after' })).toMatchObject({
    refusal: expect.stringContaining('waiting'),
  });
  await expect(web.act({ action: 'retryStep', workflowId, step: 'after' })).rejects.toThrow(
    /409.*retryStep is refused/,
  );
  await web.act({ action: 'reject', workflowId, step: 'ask', reason: 'not yet' });
  await expect(rig.hex.result(workflowId)).rejects.toThrow();
});

it('pause, cancel of a step in Hex, retry, skip, mark, resume: each through to the ledger', async () => {
  const [project, second] = [name(), name()];
  rig.sandbox.settings({ durations: { [project]: 'forever' } });
  const { workflowId } = await rig.hex.startPipeline({
    name: name(),
    onFailure: 'continue',
    steps: [
      { ...hexStep('beside', 'slow'), dependsOn: [] },
      { ...hexStep('one', project), dependsOn: [] },
      { ...hexStep('two', second), dependsOn: 'one' },
      { ...hexStep('three', second), dependsOn: 'two' },
    ],
  });
  await until('one runs', async () => step(await run(workflowId), 'one')?.runId != null);
  await web.act({ action: 'pause', workflowId });
  const told = await preview({ action: 'cancelStep', workflowId, step: 'one' });
  expect(told.happens.join(' ')).toContain(`run ${runsOf(project)[0]?.runId} in Hex is cancelled`);
  await web.act({ action: 'cancelStep', workflowId, step: 'one', reason: 'wrong date' });
  await rig.sandbox.waitFor(({ runs }) =>
    runs.some((one) => one.projectId === project && one.status === 'KILLED'),
  );
  await reaches(workflowId, 'one', 'cancelled');
  rig.sandbox.settings({ durations: { [project]: 50 } });
  await web.act({ action: 'retryStep', workflowId, step: 'one' });
  await web.act({ action: 'resume', workflowId });
  await reaches(workflowId, 'three', 'success');
  expect([runsOf(project).length, runsOf(second).length]).toEqual([2, 2]);
  expect(step(await run(workflowId), 'beside')).toMatchObject({ status: 'running' });
  await web.act({ action: 'pollNow', workflowId, step: 'beside' });
  await web.act({ action: 'skipStep', workflowId, step: 'beside', reason: 'not today' });
  await rig.hex.result(workflowId);
  const answer = await until('all is in the audit', async () => {
    const found = await run(workflowId);
    return found.audit.length === 6 && found;
  });
  expect(answer.audit.map(({ action }) => action)).toEqual([
    ...['pause', 'cancelStep', 'retryStep', 'resume', 'pollNow', 'skipStep'],
  ]);
  expect(answer.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
    ...['beside skipped', 'one success', 'two success', 'three success'],
  ]);
  expect(runsOf('slow').map(({ status }) => status)).toEqual(['KILLED']);
});

it('a step that failed is marked as a success: it is not run again, and what waits for it runs', async () => {
  const [project, next] = [name(), name()];
  rig.sandbox.script({ match: { projectId: project }, endAs: 'ERRORED' });
  const { workflowId } = await rig.hex.startPipeline({
    name: name(),
    steps: [
      { ...hexStep('one', project), onFailure: 'pause' },
      { ...hexStep('two', next), dependsOn: 'one' },
    ],
  });
  await reaches(workflowId, 'one', 'decision');
  const request = { action: 'markSuccess', workflowId, step: 'one' } as const;
  expect((await preview(request)).reason).toBe('required');
  await web.act({ ...request, reason: 'loaded by hand' });
  await rig.hex.result(workflowId);
  expect([runsOf(project).length, runsOf(next).length]).toEqual([1, 1]);
  expect((await run(workflowId)).audit).toMatchObject([
    { action: 'markSuccess', step: 'one', reason: 'loaded by hand' },
  ]);
});

it('a whole pipeline is cancelled in Hex too, with who asked for it, and a rerun goes on from there', async () => {
  const project = name();
  rig.sandbox.settings({ durations: { [project]: 'forever' } });
  const { workflowId } = await rig.hex.startPipeline({
    name: name(),
    steps: [
      { ...hexStep('first'), dependsOn: [] },
      { ...hexStep('last', project), dependsOn: 'first' },
    ],
  });
  await until('last runs', async () => step(await run(workflowId), 'last')?.runId != null);
  const told = await preview({ action: 'cancel', workflowId });
  expect(told.happens[0]).toContain(runsOf(project)[0]?.runId);
  await web.act({ action: 'cancel', workflowId, reason: 'the source is late' });
  await expect(rig.hex.result(workflowId)).rejects.toThrow();
  expect(runsOf(project).map(({ status }) => status)).toEqual(['KILLED']);
  const history = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
  const asked = history.events?.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
  expect(asked?.workflowExecutionCancelRequestedEventAttributes).toMatchObject({
    cause: 'the source is late',
    identity: expect.stringContaining('(temporal-hex console)'),
  });
  rig.sandbox.settings({ durations: { [project]: 50 } });
  const plan = await preview({ action: 'rerun', workflowId });
  expect(plan.happens.join(' ')).toMatch(/run again: last\. .*taken over: first/);
  expect(plan.reason).toBe('none');
  const { started } = await web.act({ action: 'rerun', workflowId });
  await rig.hex.result(started?.workflowId ?? '');
  expect(runsOf(project)).toHaveLength(2);
  const again = started?.workflowId ?? '';
  const good = await until('its end is told', async () => {
    const answer = await run(again);
    return answer.status === 'success' && answer;
  });
  expect(step(good, 'first').actions).toEqual(['rerun']);
  const fromHere = await preview({ action: 'rerun', workflowId: again, from: ['first'] });
  expect(fromHere).toMatchObject({
    refusal: null,
    happens: expect.arrayContaining([expect.stringMatching(/run again: first, last\.$/)]),
  });
  expect((await run(started?.workflowId ?? '')).startedBy).toContain('(temporal-hex console)');
});

it('a pipeline is started with parameters, which are checked first', async () => {
  const [pipeline, project] = [name(), name()];
  const first = await rig.hex.startPipeline({
    name: pipeline,
    params: { region: { type: 'string', enum: ['emea', 'apac'], default: 'emea' } },
    steps: [{ ...hexStep('only', project), inputParams: { region: '{{ params.region }}' } }],
  });
  await rig.hex.result(first.workflowId);
  await until(
    'the list has it',
    async () => (await web.get('/api/pipeline', { name: pipeline }).catch(() => null))?.grid.total === 1,
  );
  await expect(preview({ action: 'start', pipeline, params: { region: 'mars' } })).rejects.toThrow(
    /400.*params\.region/,
  );
  expect(await preview({ action: 'start', pipeline, params: { region: 'apac' } })).toMatchObject({
    happens: [expect.stringContaining('About 1 run is started in Hex')],
  });
  const { started } = await web.act({ action: 'start', pipeline, params: { region: 'apac' } });
  await rig.hex.result(started?.workflowId ?? '');
  expect(runsOf(project).map(({ inputParams }) => inputParams)).toEqual([
    { region: 'emea' },
    { region: 'apac' },
  ]);
});

it('a schedule is paused, resumed and triggered, with who did it', async () => {
  const [pipeline, project] = [name(), name()];
  const input = { name: pipeline, schedule: { cron: '0 3 * * *' }, steps: [hexStep('only', project)] };
  await rig.hex.schedules.apply([{ file: 'p.yaml', input }]);
  try {
    await web.act({ action: 'schedulePause', schedule: pipeline, reason: 'maintenance' });
    const paused = await rig.hex.schedules.describe(pipeline);
    expect([paused.paused, paused.note]).toEqual([
      true,
      expect.stringMatching(/^Paused by .+ in the console: maintenance$/),
    ]);
    expect(await preview({ action: 'schedulePause', schedule: pipeline })).toMatchObject({
      refusal: 'It is paused already.',
    });
    await web.act({ action: 'scheduleResume', schedule: pipeline });
    expect((await rig.hex.schedules.describe(pipeline)).paused).toBe(false);
    await web.act({ action: 'scheduleTrigger', schedule: pipeline });
    await rig.sandbox.waitFor(({ runs }) => runs.some((one) => one.projectId === project));
  } finally {
    await rig.hex.schedules.delete(pipeline);
  }
});

it('a backfill is planned and run, and its partitions are named', async () => {
  const [pipeline, project] = [name(), name()];
  const input = {
    name: pipeline,
    timezone: 'UTC',
    schedule: { cron: '0 3 * * *', paused: true },
    steps: [hexStep('only', project)],
  };
  await rig.hex.schedules.apply([{ file: 'p.yaml', input }]);
  try {
    const backfill = { pipeline, from: '2026-01-01', to: '2026-01-03', maxActive: 3 };
    const plan = await until('the schedule is known', () =>
      web.post('/api/backfills/plan', backfill).catch(() => undefined),
    );
    expect(plan).toMatchObject({
      runs: 3,
      partitions: [{ partition: '2026-01-01', state: 'missing', willRun: true }, {}, {}],
    });
    expect(await preview({ action: 'backfillStart', backfill })).toMatchObject({
      refusal: null,
      happens: [
        expect.stringContaining('3 of 3 partitions'),
        expect.stringContaining('30 minutes of kernels'),
        expect.stringContaining('are assumed, for no earlier one is known: only.'),
        expect.stringContaining('the last ends in about'),
      ],
    });
    const { started } = await web.act({ action: 'backfillStart', backfill });
    const workflowId = started?.workflowId ?? '';
    await rig.temporal.workflow.getHandle(workflowId).result();
    expect(runsOf(project)).toHaveLength(3);
    const answer = await web.get('/api/backfill', { workflowId });
    expect(answer).toMatchObject({
      status: 'success',
      progress: { grid: 'sss', counts: { success: 3 } },
      partitions: ['2026-01-01', '2026-01-02', '2026-01-03'],
      startedBy: expect.stringContaining('(temporal-hex console)'),
    });
    expect(answer.actions).toEqual([]);
    const again = await preview({ action: 'backfillStart', backfill });
    expect(again.refusal).toContain('Nothing would be run');
  } finally {
    await rig.hex.schedules.delete(pipeline);
  }
});

it('a backfill is paused, resumed and cancelled with its run in Hex, and what failed is retried: each through to the ledger', async () => {
  const [pipeline, project] = [name(), name()];
  rig.sandbox.settings({ durations: { [project]: 'forever' } });
  const step = { ...hexStep('only', project), inputParams: { day: '{{ run.partition }}' } };
  const started = await rig.hex.backfills.start({
    pipeline: { name: pipeline, timezone: 'UTC', schedule: { cron: '0 3 * * *' }, steps: [step] },
    ...{ from: '2026-01-01', to: '2026-01-04', maxActive: 1 },
  });
  const { workflowId } = started;
  const days = () => runsOf(project).map(({ inputParams, status }) => [inputParams?.day, status]);
  const reachesGrid = (grid: string) =>
    until(`the grid is ${grid}`, async () => {
      const answer = await web.get('/api/backfill', { workflowId });
      return answer.progress?.grid === grid && answer;
    });
  const is = (day: string, status: string) =>
    rig.sandbox.waitFor(() => days().some(([one, state]) => one === day && state === status));
  const endDay = async (day: string, status: 'COMPLETED' | 'ERRORED') => {
    await is(day, 'RUNNING');
    const run = runsOf(project).find(({ inputParams }) => inputParams?.day === day);
    rig.sandbox.endRun(run?.runId ?? '', status);
  };
  await reachesGrid('r...');
  await web.act({ action: 'backfillPause', workflowId, reason: 'month end' });
  await endDay('2026-01-01', 'COMPLETED');
  const paused = await reachesGrid('s...');
  expect(paused).toMatchObject({ status: 'paused', actions: ['backfillResume', 'backfillCancel'] });
  expect(days()).toEqual([['2026-01-01', 'COMPLETED']]);
  await web.act({ action: 'backfillResume', workflowId });
  await endDay('2026-01-02', 'ERRORED');
  await reachesGrid('sfr.');
  await is('2026-01-03', 'RUNNING');
  await web.act({ action: 'backfillCancel', workflowId });
  await is('2026-01-03', 'KILLED');
  await expect(started.result()).rejects.toThrow();
  rig.sandbox.settings({ durations: { [project]: 50 } });
  expect((await preview({ action: 'backfillRetry', workflowId })).happens.join(' ')).toContain('never ran');
  const again = await web.act({ action: 'backfillRetry', workflowId });
  await rig.temporal.workflow.getHandle(again.started?.workflowId ?? '').result();
  expect(days()).toEqual([
    ['2026-01-01', 'COMPLETED'],
    ['2026-01-02', 'ERRORED'],
    ['2026-01-03', 'KILLED'],
    ...['2026-01-02', '2026-01-03', '2026-01-04'].map((day) => [day, 'COMPLETED']),
  ]);
});

it.each<[string, (mounted: Console) => RequestListener]>([
  [
    'a Hono app',
    (mounted) => {
      const app = new Hono();
      app.get('/health', (context) => context.text('mine'));
      app.route('/', mounted.app);
      return getRequestListener(app.fetch);
    },
  ],
  ['a Node server', (mounted) => getRequestListener(mounted.fetch)],
])(
  'mounted below a path of %s, its pages, answers, stream and decisions are there, and nothing is above it',
  async (_, serve) => {
    const mounted = createConsole({ client: rig.temporal, taskQueue: rig.taskQueue, basePath: '/ops/hex' });
    const served = createServer(serve(mounted)).listen(0, '127.0.0.1');
    await once(served, 'listening');
    onTestFinished(async () => {
      mounted.close();
      served.closeAllConnections();
      served.close();
    });
    const url = `http://127.0.0.1:${(served.address() as AddressInfo).port}`;
    const entered = await fetch(`${url}${mounted.entrance}`, { redirect: 'manual' });
    expect([entered.status, entered.headers.get('location')]).toEqual([302, '/ops/hex/']);
    const cookie = String(entered.headers.get('set-cookie')).split(';')[0] ?? '';
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { cookie, ...init.headers } });
    for (const page of ['/ops/hex', '/ops/hex/', '/ops/hex/pipelines/any'])
      expect(await (await ask(page)).text()).toContain('<base href="/ops/hex/">');
    expect((await ask('/ops/hex/app.js')).headers.get('content-type')).toContain('text/javascript');
    expect((await fetch(`${url}/ops/hex/api/home`)).status).toBe(401);
    for (const path of ['/', '/api/me', '/app.js', '/ops/hexes/api/me'])
      expect((await ask(path)).status).toBe(404);
    const { workflowId } = await rig.hex.startPipeline({
      name: name(),
      steps: [{ id: 'ask', approval: { prompt: 'Go?' } }],
    });
    const topic = encodeURIComponent(`/api/run?workflowId=${workflowId}`);
    const stream = await ask(`/ops/hex/api/live?topic=${topic}`);
    const told = stream.body?.pipeThrough(new TextDecoderStream()) ?? [];
    await reaches(workflowId, 'ask', 'approval');
    const approved = await ask('/ops/hex/api/actions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', [CHANGE_HEADER]: '1' },
      body: JSON.stringify({ action: 'approve', workflowId, step: 'ask' }),
    });
    expect(approved.status).toBe(200);
    await rig.hex.result(workflowId);
    let seen = '';
    for await (const text of told) {
      seen += text;
      if (seen.includes('"status":"success"')) break;
    }
    expect(seen).toContain(`"topic":"/api/run?workflowId=${workflowId}"`);
  },
);
