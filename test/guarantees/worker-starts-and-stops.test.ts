import { expect, it } from 'vitest';
import { cli, startCli } from '../support/cli.js';
import { harness } from '../support/harness.js';

it('a worker without a token ends with 2 and says what to set', async () => {
  const { code, stderr } = await cli(['worker']);
  expect(code).toBe(2);
  expect(stderr).toContain('HEX_API_TOKEN is missing');
});

it('a worker whose token Hex refuses ends with 6 at once, and never shows it', async () => {
  const { env } = await harness({ worker: false, sandbox: { tokens: ['another-token'] } });
  const { code, stderr } = await cli(['worker'], env);
  expect(code).toBe(6);
  expect(stderr).toContain('401');
  expect(stderr).not.toContain(env.HEX_API_TOKEN);
});

it('a worker waits for a Temporal server that is not up yet, until it is stopped', async () => {
  const { env } = await harness({ worker: false });
  const worker = startCli(['worker'], { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' });
  await worker.says(/not up yet, trying again in 0.5 s/);
  worker.child.kill('SIGINT');
  expect(await worker.ended).toBe(130);
});

it('a worker says where it works, and ends with 0 when it is asked to stop', async () => {
  const { env } = await harness({ worker: false });
  const worker = startCli(['worker'], env);
  await worker.says(
    new RegExp(`works on task queue "${env.HEX_TASK_QUEUE}" of ${env.TEMPORAL_ADDRESS}/default`),
  );
  worker.child.kill('SIGTERM');
  expect(await worker.ended, worker.stderr()).toBe(0);
});
