import { expect, it } from 'vitest';
import { cli } from '../support/cli.js';
import { FAST, harness } from '../support/harness.js';

it('says what is reused and what runs again, and repeats only what failed', async () => {
  const { env, hex, sandbox } = await harness();
  sandbox.script([{ match: { projectId: 'load' }, endAs: 'ERRORED', times: 1 }]);
  const { workflowId } = await hex.startPipeline({
    name: 'etl',
    params: { limit: { type: 'integer', default: 10 } },
    steps: [
      { id: 'extract', projectId: 'extract', inputParams: { limit: '{{ params.limit }}' }, ...FAST },
      { id: 'load', projectId: 'load', ...FAST },
    ],
  } as never);
  await hex.result(workflowId).catch(() => undefined);
  const ran = () => sandbox.ledger().runs.map(({ projectId }) => projectId);
  expect(ran()).toEqual(['extract', 'load']);

  const preview = await cli(['rerun', workflowId, '--set', 'limit=3', '--dry-run', '--json'], env);
  expect(JSON.parse(preview.stdout)).toMatchObject({
    reused: [],
    again: ['extract', 'load'],
    params: { limit: 3 },
  });
  expect(ran()).toEqual(['extract', 'load']);

  const rerun = await cli(['rerun', workflowId], env);
  expect(rerun.code, rerun.stderr).toBe(0);
  expect(rerun.stdout).toBe(`${workflowId}-rerun-1\n`);
  expect(rerun.stderr).toMatch(/reused +extract\n +again +load\n/);
  await hex.result(`${workflowId}-rerun-1`);
  expect(ran()).toEqual(['extract', 'load', 'load']);

  const nothing = await cli(['rerun', `${workflowId}-rerun-1`], env);
  expect(nothing.code).toBe(2);
  expect(nothing.stderr).toContain('Every step of');
});
