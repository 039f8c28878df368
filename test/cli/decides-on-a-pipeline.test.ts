import { userInfo } from 'node:os';
import { expect, it } from 'vitest';
import type { PipelineProgress } from '../../src/index.js';
import { cli } from '../support/cli.js';
import { FAST, harness, until } from '../support/harness.js';

it('a decision is carried out and kept with who made it; one that is refused says why', async () => {
  const { env, hex } = await harness();
  const { workflowId } = await hex.startPipeline({
    name: 'release',
    steps: [
      { id: 'publish', approval: { prompt: 'Publish?' } },
      { id: 'load', projectId: 'load', ...FAST },
    ],
  });
  const progress = () => hex.progress(workflowId) as Promise<PipelineProgress>;
  await until('it waits for approval', async () => (await progress()).steps[0]?.status === 'approval');

  const refused = await cli(['retry-step', workflowId, 'load'], env);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    'retryStep is refused: step "load" is waiting, and retryStep needs one that',
  );

  const skipped = await cli(
    ['skip-step', workflowId, 'load', '--by', 'ada', '--reason', 'late', '--json'],
    env,
  );
  expect(skipped.code, skipped.stderr).toBe(0);
  expect(JSON.parse(skipped.stdout)).toEqual({ action: 'skipStep', step: 'load', status: 'skipped' });
  const approved = await cli(['approve', workflowId, 'publish'], env);
  expect(approved.code, approved.stderr).toBe(0);
  expect(await hex.result(workflowId)).toMatchObject({
    success: true,
    audit: [
      { action: 'skipStep', step: 'load', by: 'ada', reason: 'late' },
      { action: 'approve', step: 'publish', by: userInfo().username, reason: null },
    ],
  });
  const late = await cli(['pause', workflowId], env);
  expect(late.code).toBe(2);
  expect(late.stderr).toContain('has ended already');
});

it('poll-now sees the end of a run that would be read much later', async () => {
  const { env, hex, sandbox } = await harness({ sandbox: { duration: 'forever' } });
  const { workflowId } = await hex.startRun({
    projectId: 'sales',
    poll: { first: '1h', min: '1h', max: '1h' },
  });
  await until('it is followed', async () => sandbox.ledger().runs.length === 1);
  sandbox.endRun(sandbox.ledger().runs[0]?.runId ?? '', 'COMPLETED');
  const { code, stderr } = await cli(['poll-now', workflowId], env);
  expect(code, stderr).toBe(0);
  expect(await hex.result(workflowId)).toMatchObject({ success: true });
});
