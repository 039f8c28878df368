import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { limiterId } from '../../src/contract/ids.js';
import { lineQuery } from '../../src/contract/messages.js';
import type { PipelineProgress } from '../../src/pipeline/execution/result.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { checkTokens } from '../../src/worker/token-checks.js';
import { cli, emptyFolder, startCli } from '../support/cli.js';
import { FAST, failureOf, harness, until } from '../support/harness.js';

it('a worker without a token ends with 2 and says what to set', async () => {
  const { code, stderr } = await cli(['worker']);
  expect(code).toBe(2);
  expect(stderr).toContain('HEX_API_TOKEN is missing');
});

it('a worker without any good token stays up and says so: a start fails as HexAuth, and a cancel goes on', async () => {
  const rig = await harness({ worker: false, sandbox: { tokens: ['another-token'] } });
  const worker = startCli(['worker'], rig.env);
  await worker.says(/Connection "default" can start nothing: .*401.* set HEX_API_TOKEN to it/);
  await worker.says(/No connection has a good token/);
  await worker.says(/works on task queue/);
  const run = await rig.hex.startRun({ projectId: 'sales', ...FAST });
  expect(await failureOf(run.result())).toMatchObject({ type: 'HexAuth' });
  const approval = { steps: [{ id: 'ask', approval: { prompt: 'Go on?' } }] };
  const { workflowId } = await rig.hex.startPipeline(approval, { workflowId: rig.taskQueue });
  const asked = (await until('it waits for approval', async () => {
    const progress = await rig.hex.progress(workflowId);
    return 'steps' in progress && progress.status === 'waiting' && progress;
  })) as PipelineProgress;
  expect(asked.steps[0]).toMatchObject({ status: 'approval' });
  await rig.hex.control(workflowId, 'approve', { step: 'ask', by: 'ada' });
  expect(await rig.hex.result(workflowId)).toMatchObject({ success: true });
  expect(worker.child.exitCode).toBe(null);
  expect(worker.stderr()).not.toContain(rig.env.HEX_API_TOKEN);
});

it('one token that is refused, and one in a file that cannot be read, stop no other connection: variable, file and cause are named, and each is used once it is good', async () => {
  const finance = await startSandbox({ port: 0, duration: 50, tokens: ['new-finance-token'] });
  onTestFinished(() => finance.close());
  const tokenFile = join(emptyFolder(), 'token');
  writeFileSync(tokenFile, 'old-finance-token');
  const missingFile = join(emptyFolder(), 'not-there-yet');
  const rig = await harness({
    worker: false,
    env: {
      HEX_CONNECTION_FINANCE_BASE_URL: finance.url,
      HEX_CONNECTION_FINANCE_API_TOKEN_FILE: tokenFile,
      HEX_CONNECTION_OPS_BASE_URL: finance.url,
      HEX_CONNECTION_OPS_API_TOKEN_FILE: missingFile,
    },
  });
  const config = loadConfig(rig.env);
  const lines: string[] = [];
  const heard = (pattern: RegExp) =>
    until(`${pattern}`, async () => lines.some((line) => pattern.test(line)));
  const expiries: string[] = [];
  const stop = await checkTokens(config, {
    log: (line) => lines.push(line),
    firstAgainMs: 20,
    onExpiry: (name, expiresAt) => expiries.push(`${name} ${expiresAt}`),
  });
  onTestFinished(stop);
  expect(lines.sort()).toEqual([
    expect.stringMatching(/Connection "finance" .*401.* HEX_CONNECTION_FINANCE_API_TOKEN/),
    expect.stringMatching(
      new RegExp(
        `Connection "ops" can start nothing: .*${missingFile} cannot be read \\(ENOENT\\); mend HEX_CONNECTION_OPS_API_TOKEN_FILE`,
      ),
    ),
  ]);
  await rig.work();
  const ran = await rig.hex.startRun({ projectId: 'sales', ...FAST });
  expect(await ran.result()).toMatchObject({ success: true });
  const refused = await rig.hex.startRun({ projectId: 'sales', connection: 'finance', ...FAST });
  expect(await failureOf(refused.result())).toMatchObject({
    type: 'HexAuth',
    message: expect.stringContaining('HEX_CONNECTION_FINANCE_API_TOKEN'),
  });
  writeFileSync(tokenFile, 'new-finance-token');
  await heard(/The token of connection "finance" is good now/);
  const unreadable = await rig.hex.startRun({ projectId: 'sales', connection: 'ops', ...FAST });
  expect(await failureOf(unreadable.result())).toMatchObject({
    type: 'HexAuth',
    message: expect.stringContaining(`${missingFile} cannot be read (ENOENT)`),
  });
  writeFileSync(missingFile, 'new-finance-token');
  await heard(/The token of connection "ops" is good now/);
  for (const connection of ['finance', 'ops']) {
    const good = await rig.hex.startRun({ projectId: 'sales', connection, ...FAST });
    expect(await good.result()).toMatchObject({ success: true });
  }
  expect(lines.join()).not.toContain('finance-token');
  expect(expiries).toEqual(['default null', 'finance null', 'ops null']);
});

it('a worker waits for a Temporal server that is not up yet, until it is stopped', async () => {
  const { env } = await harness({ worker: false });
  const worker = startCli(['worker'], { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' });
  await worker.says(/not up yet, trying again in 0.5 s/);
  worker.child.kill('SIGINT');
  expect(await worker.ended).toBe(130);
});

it('a worker says where it works, tells its limiter when its token expires, and ends with 0 when it is asked to stop', async () => {
  const tokenExpiresAt = '2027-03-01T00:00:00.000Z';
  const { env, temporal } = await harness({
    worker: false,
    sandbox: { tokenExpiresAt },
    env: { HEX_LIMITS: 'on' },
  });
  const worker = startCli(['worker'], env);
  await worker.says(
    new RegExp(`works on task queue "${env.HEX_TASK_QUEUE}" of ${env.TEMPORAL_ADDRESS}/default`),
  );
  const limiter = temporal.workflow.getHandle(limiterId(env.HEX_TASK_QUEUE ?? '', 'default'));
  await until('its limiter knows', async () => {
    const view = await limiter.query(lineQuery).catch(() => null);
    return view?.tokenExpiresAt === tokenExpiresAt;
  });
  worker.child.kill('SIGTERM');
  expect(await worker.ended, worker.stderr()).toBe(0);
});
