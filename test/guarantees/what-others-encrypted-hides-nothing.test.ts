import { createSecretKey, randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { encryptionCodec } from '../../src/encryption/codec.js';
import { cli } from '../support/cli.js';
import { FAST, harness, until } from '../support/harness.js';
import { connectClient, server } from '../support/server.js';

it('memos that others have encrypted, of runs and of schedules, hide nothing from any list', async () => {
  const rig = await harness();
  const { hex, taskQueue: name } = rig;
  const codec = encryptionCodec([{ id: 'of-others', key: createSecretKey(randomBytes(32)) }]);
  const theirs = await connectClient(server.address, server.namespace, { payloadCodecs: [codec] });
  onTestFinished(() => theirs.connection.close());
  const steps = [{ projectId: 'sales', ...FAST }];
  const sealed = await theirs.workflow.start('hexPipeline', {
    ...{
      workflowId: `${name}-theirs`,
      taskQueue: 'nobody',
      args: [{ name, steps }],
      memo: { hexName: name },
    },
  });
  onTestFinished(async () => void (await sealed.terminate()));
  const schedule = await theirs.schedule.create({
    scheduleId: `${name}-theirs`,
    spec: {},
    memo: { note: 'sealed' },
    action: { type: 'startWorkflow', workflowType: 'hexPipeline', taskQueue: 'nobody', args: [{ steps }] },
  });
  onTestFinished(() => schedule.delete());
  const input = { name, schedule: { cron: '0 3 * * *' }, steps };
  await hex.schedules.apply([{ file: 'plain.yaml', input }]);
  onTestFinished(() => hex.schedules.delete(name));
  const plain = await hex.startPipeline({ name, steps });
  await hex.result(plain.workflowId);

  const listed = async () => (await hex.list({ limit: 1_000 })).map(({ workflowId }) => workflowId);
  await until('both are listed', async () => {
    const ids = await listed();
    return ids.includes(sealed.workflowId) && ids.includes(plain.workflowId);
  });
  expect((await cli(['list', '--json'], rig.env)).code).toBe(0);
  const schedules = await hex.schedules.list();
  expect(schedules.find((one) => one.schedule === name)?.drift?.state).toBe('same');
  expect(schedules.find((one) => one.schedule === schedule.scheduleId)).toMatchObject({
    file: null,
    drift: null,
  });
  expect((await hex.stats()).runs).toBeGreaterThanOrEqual(1);
  for (const rows of [await hex.backfills.list(), await hex.sensors.list()])
    expect(rows).toBeInstanceOf(Array);
});
