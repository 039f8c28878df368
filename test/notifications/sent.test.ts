import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { PipelineProgress } from '../../src/index.js';
import { cli } from '../support/cli.js';
import { FAST, failureOf, type Harness, harness, until } from '../support/harness.js';
import { control, hex, pipelineHarness, replay } from '../support/pipelines.js';
import { temporal } from '../support/server.js';
import { webhookReceiver } from '../support/webhook.js';

const QUICK = { sandbox: { duration: 20 } };
const ON_END = { on: ['success', 'failure', 'cancelled'] };

describe('a pipeline', () => {
  it('tells success, a passed deadline and a wait for a person, in the format of each webhook, and again after a 503', async () => {
    const hook = await webhookReceiver((n) => (n === 1 ? 503 : 200));
    const rig = await pipelineHarness({
      ...QUICK,
      env: {
        HEX_NOTIFY_OPS_URL: hook.url,
        HEX_NOTIFY_TEAM_CHAT_URL: `${hook.url}/slack`,
        HEX_NOTIFY_TEAM_CHAT_FORMAT: 'slack',
        TEMPORAL_UI_URL: 'https://temporal.example.com/',
      },
    });
    const { workflowId, result } = await start(rig, {
      name: 'etl',
      deadline: '50ms',
      notify: [
        { to: 'ops', on: ['success', 'waiting', 'deadline'] },
        { to: 'team-chat', on: ['success', 'failure'] },
      ],
      steps: [{ id: 'ask', approval: { prompt: 'ok?' } }],
    });
    await hook.received(({ body }) => body.event === 'deadline');
    await hook.received(({ body }) => body.event === 'waiting');
    await control(rig, workflowId, 'approve', { by: 'ann', step: 'ask' });
    await result;
    const taken = hook.all.filter(({ status }) => status === 200);
    expect(taken.map(({ path, body }) => `${path} ${body.event ?? body.text}`).sort()).toEqual([
      '/ deadline',
      '/ success',
      '/ waiting',
      expect.stringMatching(
        /^\/slack `Pipeline "etl"` success\n```Pipeline "etl" succeeded```\nWorkflow `.*`\n<.*>$/,
      ),
    ]);
    const success = hook.notifications().find(({ event }) => event === 'success');
    expect(success).toMatchObject({ pipeline: 'etl', workflowId, title: 'Pipeline "etl"' });
    expect(success?.links.temporal).toBe(
      `https://temporal.example.com/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${success?.runId}/history`,
    );
    expect(new Set(hook.notifications().map(({ id }) => id)).size).toBe(taken.length);
    await replay(rig, workflowId);
  });

  it('succeeds where a message cannot be delivered; that is a warning, and the other webhook is told', async () => {
    const deaf = await webhookReceiver(() => 404);
    const hook = await webhookReceiver();
    const rig = await pipelineHarness({
      ...QUICK,
      env: { HEX_NOTIFY_DEAF_URL: deaf.url, HEX_NOTIFY_OPS_URL: hook.url },
    });
    const { workflowId, result } = await start(rig, {
      notify: [
        { to: 'deaf', on: ['success'] },
        { to: 'ops', on: ['success'] },
      ],
      steps: [hex('a')],
    });
    expect((await result).success).toBe(true);
    const progress = (await rig.hex.progress(workflowId)) as PipelineProgress;
    expect(progress.warnings).toEqual(['The notification "success" to "deaf" could not be delivered']);
    expect(deaf.all).toHaveLength(1);
    expect(hook.notifications().map(({ event }) => event)).toEqual(['success']);
  });

  it('that names a webhook which is not there is refused before anything reaches Hex, with the one that was meant', async () => {
    const hook = await webhookReceiver();
    const rig = await pipelineHarness({ ...QUICK, env: { HEX_NOTIFY_OPS_URL: hook.url } });
    const { result } = await start(rig, {
      notify: [{ to: 'ops' }, { to: 'opps', on: ['success'] }],
      steps: [hex('a', { notify: [{ to: 'nobody' }] })],
    });
    const failure = await failureOf(result);
    expect(failure.type).toBe('InvalidInput');
    expect(failure.message).toContain(
      'notify[1].to: this worker\'s environment has no webhook "opps" (HEX_NOTIFY_OPPS_URL); did you mean "ops"?',
    );
    expect(failure.message).toContain(
      'steps.a.notify[0].to: this worker\'s environment has no webhook "nobody"',
    );
    expect(rig.sandbox.ledger().runs).toEqual([]);
    expect(hook.notifications().map(({ event }) => event)).toEqual(['failure']);
  });
});

describe('a step', () => {
  it('tells how it ended, once after its last attempt, with the page of its run in Hex', async () => {
    const hook = await webhookReceiver();
    const rig = await pipelineHarness({ ...QUICK, env: { HEX_NOTIFY_OPS_URL: hook.url } });
    rig.sandbox.script([{ match: { projectId: 'bad' }, times: null, endAs: 'ERRORED' }]);
    const notify = [{ to: 'ops', ...ON_END }];
    const { workflowId, result } = await start(rig, {
      name: 'etl',
      steps: [
        hex('good', { notify, dependsOn: [] }),
        hex('bad', { notify, retry: { maxAttempts: 2, on: ['ERRORED'], delay: '10ms' } }),
        hex('after', { notify, dependsOn: 'bad' }),
        { id: 'ask', dependsOn: [], approval: { prompt: 'ok?' }, notify: [{ to: 'ops', on: ['waiting'] }] },
      ],
    });
    await hook.received(({ body }) => body.event === 'waiting');
    await control(rig, workflowId, 'approve', { by: 'ann', step: 'ask' });
    await failureOf(result);
    const told = hook.notifications().sort((a, b) => String(a.step).localeCompare(String(b.step)));
    expect(told.map(({ step, event }) => `${step} ${event}`)).toEqual([
      'ask waiting',
      'bad failure',
      'good success',
    ]);
    const runs = rig.sandbox.ledger().runs.filter(({ projectId }) => projectId === 'bad');
    expect(runs).toHaveLength(2);
    expect(told[1]).toMatchObject({
      pipeline: 'etl',
      title: 'Step "bad" of pipeline "etl"',
      projectId: 'bad',
      hexRunId: runs[1]?.runId,
      workflowId,
    });
    expect(told[1]?.text).toMatch(/^Step "bad" failed: HexRunErrored: /);
    expect(told[1]?.links.hex).toContain(runs[1]?.runId);
    await replay(rig, workflowId);
  });
});

describe('a run on its own', () => {
  it('tells success, failure and a cancel, with the page of the run in Hex', async () => {
    const hook = await webhookReceiver();
    const rig = await pipelineHarness({ ...QUICK, env: { HEX_NOTIFY_OPS_URL: hook.url } });
    rig.sandbox.script([
      { match: { projectId: 'bad' }, endAs: 'ERRORED' },
      { match: { projectId: 'long' }, duration: 600_000 },
    ]);
    const notify = [{ to: 'ops', ...ON_END }] as never;
    const runs = await Promise.all(
      ['good', 'bad', 'long'].map((projectId) => rig.hex.startRun({ projectId, ...FAST, notify })),
    );
    const [good, bad, long] = runs;
    await good?.result();
    await failureOf(bad?.result() ?? Promise.resolve());
    await rig.sandbox.waitFor(({ runs: all }) => all.some(({ projectId }) => projectId === 'long'));
    await long?.cancel();
    await long?.result().catch(() => undefined);
    const told = hook.notifications().sort((a, b) => String(a.projectId).localeCompare(String(b.projectId)));
    expect(told.map(({ projectId, event, title }) => [projectId, event, title])).toEqual([
      ['bad', 'failure', 'Run of project "bad"'],
      ['good', 'success', 'Run of project "good"'],
      ['long', 'cancelled', 'Run of project "long"'],
    ]);
    for (const one of told) expect(one.links.hex).toContain(one.hexRunId);
    await replay(rig, ...runs.map(({ workflowId }) => workflowId));
  });

  it('of the command line tells whom --notify names, and a bad --notify is refused before anything is sent', async () => {
    const hook = await webhookReceiver();
    const rig = await pipelineHarness({ ...QUICK, env: { HEX_NOTIFY_OPS_URL: hook.url } });
    const bad = await cli(['run', 'a', '--notify', 'ops=won', '--notify', 'Ops'], rig.env);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('notify[0].on[0]: must be one of success, failure, cancelled');
    expect(bad.stderr).toContain('notify[1].to: must be the name of a webhook');
    expect(rig.sandbox.ledger().requests).toEqual([]);
    const good = await cli(['run', 'a', '--notify', 'ops=success,failure', '--wait'], rig.env);
    expect(good.code).toBe(0);
    expect(hook.notifications().map(({ event, projectId }) => [event, projectId])).toEqual([
      ['success', 'a'],
    ]);
  });

  it('that names a webhook which is not there is refused before anything reaches Hex', async () => {
    const rig = await pipelineHarness({ ...QUICK, env: { HEX_NOTIFY_OPS_URL: 'http://127.0.0.1:1' } });
    const { result } = await rig.hex
      .startRun({ projectId: 'a', ...FAST, notify: [{ to: 'opps' }] })
      .then((handle) => ({ result: handle.result() }));
    const failure = await failureOf(result);
    expect(failure.type).toBe('InvalidInput');
    expect(failure.message).toContain('notify[0].to');
    expect(failure.message).toContain('did you mean "ops"?');
    expect(rig.sandbox.ledger().runs).toEqual([]);
  });
});

it('a clean-up that failed reaches those of HEX_NOTIFY_ALERTS, though the run has no notify', async () => {
  const hook = await webhookReceiver();
  const rig = await pipelineHarness({
    sandbox: { duration: 600_000 },
    env: {
      HEX_NOTIFY_OPS_URL: hook.url,
      HEX_NOTIFY_ON_CALL_URL: `${hook.url}/on-call`,
      HEX_NOTIFY_ALERTS: 'ops, on-call',
    },
  });
  rig.sandbox.script([{ match: { operation: 'cancelRun' }, times: null, status: 500 }]);
  const run = await rig.hex.startRun({
    projectId: 'stuck',
    ...FAST,
    timeout: '200ms',
    cleanupTimeout: '500ms',
  });
  const failure = await failureOf(run.result());
  expect(failure.type).toBe('HexCleanupFailed');
  expect(hook.all.map(({ path }) => path).sort()).toEqual(['/', '/on-call']);
  for (const message of hook.notifications())
    expect(message).toMatchObject({
      event: 'cleanup_failed',
      severity: 'critical',
      projectId: 'stuck',
      workflowId: run.workflowId,
      text: failure.message,
    });
  await replay(rig, run.workflowId);
});

it('no address, header, key or signing secret is in a history, an error or a log, whatever a webhook answers', async () => {
  const hook = await webhookReceiver(() => 400);
  const rig = await harness({
    ...QUICK,
    worker: false,
    env: {
      HEX_NOTIFY_OPS_URL: `${hook.url}/services/T0SECRETPATH`,
      HEX_NOTIFY_OPS_SECRET: 'signing-5ec7e7-5ec7e7',
      HEX_NOTIFY_OPS_HEADERS: '{"authorization": "Bearer header-5ec7e7"}',
      HEX_NOTIFY_GONE_URL: 'http://127.0.0.1:1/T0SECRETPATH',
      HEX_NOTIFY_GONE_FORMAT: 'pagerduty',
      HEX_NOTIFY_GONE_ROUTING_KEY: '5ec7e75ec7e75ec7e75ec7e75ec7e75e',
      HEX_NOTIFY_FILE_URL_FILE: '/nowhere/at/all',
    },
  });
  const worker = await rig.spawnWorker();
  let said = '';
  for (const stream of [worker.stdout, worker.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk));
  const { workflowId } = await start(rig, {
    notify: ['ops', 'gone', 'file'].map((to) => ({ to, on: ['success'] })),
    steps: [hex('a')],
  });
  const state = await until('two messages that are tried again', async () => {
    const text = await temporal('workflow', 'describe', '--workflow-id', workflowId, '-o', 'json');
    const { pendingActivities = [] } = JSON.parse(text) as { pendingActivities?: { lastFailure?: object }[] };
    return pendingActivities.filter(({ lastFailure }) => lastFailure).length === 2 && text;
  });
  expect(state).toContain('could not be reached');
  expect(state).toContain('the url file /nowhere/at/all cannot be read');
  said += state + (await temporal('workflow', 'show', '--workflow-id', workflowId, '-o', 'json'));
  expect(said).toContain('answered 400');
  await rig.temporal.workflow.getHandle(workflowId).terminate();
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  for (const secret of ['T0SECRETPATH', '5ec7e7-5ec7e7', 'header-5ec7e7', '5ec7e75ec7e7', hook.url])
    expect(said).not.toContain(secret);
});

async function start(rig: Harness, input: unknown) {
  const handle = await rig.hex.startPipeline(input as never);
  const result = handle.result();
  result.catch(() => undefined);
  return { workflowId: handle.workflowId, result };
}
