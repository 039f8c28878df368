import { expect, it, onTestFinished } from 'vitest';
import type { ListedStatus } from '../../src/client.js';
import type { PipelineProgress, StepProgress } from '../../src/pipeline/execution/result.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { startCli } from '../support/cli.js';
import { FAST, harness, until } from '../support/harness.js';
import { hexGate } from '../support/hex-gate.js';
import { webhookReceiver } from '../support/webhook.js';

/** A Hex that can go away, and a way to look at a step. */
async function rigBehindGate(env: Record<string, string> = {}) {
  const sandbox = await startSandbox({ port: 0, duration: '1h' });
  onTestFinished(() => sandbox.close());
  const gate = await hexGate(sandbox.url);
  onTestFinished(() => gate.close());
  const rig = await harness({ env: { HEX_BASE_URL: gate.url, ...env } });
  const steps = async (workflowId: string) =>
    ((await rig.hex.progress(workflowId)) as PipelineProgress).steps;
  const stepThat = (what: string, workflowId: string, is: (step: StepProgress) => boolean) =>
    until(what, async () => (await steps(workflowId)).find(is));
  return { ...rig, sandbox, gate, stepThat };
}

const runs = ({ status, runId }: StepProgress) => status === 'running' && runId !== null;

it('a step says since when Hex has not answered and how often it was asked, everywhere; and no more once Hex answers', async () => {
  const rig = await rigBehindGate();
  const { workflowId } = await rig.hex.startPipeline(
    { steps: [{ id: 'load', projectId: 'sales', ...FAST }] },
    { workflowId: rig.taskQueue },
  );
  await rig.stepThat('it runs', workflowId, runs);
  const watching = startCli(['watch', workflowId], rig.env);
  await watching.says(/load: running/);
  rig.gate.shut(503);
  const why = /Hex, which has answered 503 since \d\d:\d\d UTC: [3-9] reads failed/;
  const step = await rig.stepThat('the step says so', workflowId, ({ waitingFor }) =>
    why.test(waitingFor ?? ''),
  );
  expect(step).toMatchObject({ status: 'running', runId: expect.any(String) });
  expect(await rig.hex.progress(`${workflowId}/load`)).toMatchObject({
    phase: 'running',
    waitingFor: expect.stringMatching(why),
  });
  await watching.says(new RegExp(`load: running +waits for ${why.source}`));

  rig.gate.shut(null);
  await rig.stepThat('it is over', workflowId, ({ waitingFor }) => waitingFor === undefined);
  rig.sandbox.endRun(rig.sandbox.ledger().runs[0]?.runId ?? '', 'COMPLETED');
  expect(await watching.ended).toBe(0);
  expect(rig.sandbox.ledger().runs).toHaveLength(1);
});

it('a token that is refused meanwhile is told too, through the pipelines above', async () => {
  const rig = await rigBehindGate();
  const inner = { name: 'inner', steps: [{ id: 'load', projectId: 'sales', ...FAST }] };
  const { workflowId } = await rig.hex.startPipeline(
    { name: 'outer', steps: [{ id: 'sub', pipeline: inner }] },
    { workflowId: rig.taskQueue },
  );
  await rig.stepThat('the inner pipeline begins', workflowId, ({ status }) => status === 'running');
  await until('its run is read', async () => {
    const progress = await rig.hex.progress(`${workflowId}/sub`).catch(() => null);
    return progress !== null && 'steps' in progress && progress.steps.some(runs);
  });
  rig.gate.shut(401);
  const step = await rig.stepThat(
    'the step above says so',
    workflowId,
    ({ waitingFor }) => waitingFor !== undefined,
  );
  expect(step).toMatchObject({
    status: 'running',
    waitingFor: expect.stringMatching(/^load: Hex, which has refused the token since .*: 3 reads failed$/),
  });
  rig.gate.shut(null);
  await rig.stepThat('it is over', workflowId, ({ waitingFor }) => waitingFor === undefined);
  await rig.hex.cancel(workflowId);
  await rig.hex.result(workflowId).catch(() => undefined);
  expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});

it('a start that Hex refuses for now, and a cancel that it does not carry out, are told by the step, and lists call it queued', async () => {
  const rig = await rigBehindGate();
  rig.gate.shut(429);
  const name = rig.taskQueue;
  const { workflowId } = await rig.hex.startPipeline(
    { name, steps: [{ id: 'load', projectId: 'sales', ...FAST, triggerRetryDelay: '1s' }] },
    { workflowId: name },
  );
  const listedAs = (status: ListedStatus) =>
    until(`it is listed as ${status}`, async () => (await rig.hex.list({ pipeline: name, status })).length);
  const step = await rig.stepThat(
    'the step says so',
    workflowId,
    ({ waitingFor }) => waitingFor !== undefined,
  );
  expect(step).toMatchObject({
    status: 'queued',
    waitingFor: expect.stringMatching(/^the next try, in .*: Hex answered 429 .*, as of \d\d:\d\d UTC$/),
  });
  expect((await rig.hex.progress(workflowId)).status).toBe('queued');
  await listedAs('queued');
  expect(await rig.hex.list({ pipeline: name, status: 'running' })).toEqual([]);
  rig.gate.shut(null);
  await rig.stepThat('it runs', workflowId, runs);
  await listedAs('running');
  rig.gate.shut(503);
  await rig.hex.cancel(workflowId);
  await rig.stepThat('the cancel says so', workflowId, ({ waitingFor }) =>
    /Hex, which has answered 503 since .*: \d cancels failed/.test(waitingFor ?? ''),
  );
  rig.gate.shut(null);
  await rig.hex.result(workflowId).catch(() => undefined);
  expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});

it('the notification of a deadline says what the open steps wait for', async () => {
  const hook = await webhookReceiver();
  const rig = await rigBehindGate({ HEX_NOTIFY_OPS_URL: hook.url });
  rig.gate.shut(429);
  const step = { id: 'load', projectId: 'sales', ...FAST, triggerRetryDelay: '1h' };
  const { workflowId } = await rig.hex.startPipeline({
    deadline: '4s',
    notify: [{ to: 'ops', on: ['deadline'] }],
    steps: [step],
  });
  const { body } = await hook.received((one) => one.body.event === 'deadline');
  expect(body.text).toMatch(
    /is still in line after 4.0s, at: load \(waits for the next try, in 1h 00m: Hex answered 429 /,
  );
  await rig.hex.cancel(workflowId);
  await rig.hex.result(workflowId).catch(() => undefined);
  expect(rig.sandbox.ledger().runs).toEqual([]);
});
