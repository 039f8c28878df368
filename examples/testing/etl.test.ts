// Tests of a pipeline file, for vitest: `npx vitest run`. With jest and node:test it is the same but for the imports.
import { closeTestKit, replayHistory, testPipeline } from 'temporal-hex/testing';
import { afterAll, expect, it } from 'vitest';

const etl = new URL('../etl.yaml', import.meta.url);

afterAll(closeTestKit);

it('loads what was transformed', async () => {
  const { result, ledger, history } = await testPipeline(etl, { params: { date: '2026-01-31' } });
  expect(result?.success).toBe(true);
  expect(ledger.runs.map((run) => run.projectId)).toEqual([
    'extract-project-id',
    'transform-project-id',
    'load-project-id',
  ]);
  // The next version of temporal-hex has to replay what this one has run.
  await replayHistory(history);
});

it('loads nothing when the transformation fails', async () => {
  const { failure, ledger } = await testPipeline(etl, {
    params: { date: '2026-01-31' },
    faults: [{ match: { projectId: 'transform-project-id' }, endAs: 'ERRORED' }],
  });
  expect(failure?.details?.step).toBe('transform');
  expect(ledger.runs.map((run) => run.projectId)).not.toContain('load-project-id');
});

it('publishes nothing without an approval', async () => {
  const { progress } = await testPipeline(new URL('../approval.yaml', import.meta.url), {
    decisions: { look: 'reject' },
  });
  expect(progress.steps.map((step) => step.status)).toEqual(['success', 'failed', 'upstream_failed']);
});
