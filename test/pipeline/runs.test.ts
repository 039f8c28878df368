import { describe, expect, it } from 'vitest';
import type { PipelineFailureDetails } from '../../src/index.js';
import { failureOf } from '../support/harness.js';
import { pipelineHarness, hex as step } from '../support/pipelines.js';

describe('a pipeline runs', () => {
  it('steps without dependsOn one after the other, each as a child workflow, and gives their results in order', async () => {
    const { hex, sandbox } = await pipelineHarness();
    const handle = await hex.startPipeline({
      name: 'etl',
      steps: ['extract', 'transform', 'load'].map((id) => step(id)),
    });
    const result = await handle.result();
    expect(result.success).toBe(true);
    expect(Object.keys(result.steps)).toEqual(['extract', 'transform', 'load']);
    const runs = sandbox.ledger().runs;
    expect(runs.map(({ projectId }) => projectId)).toEqual(['extract', 'transform', 'load']);
    for (const [index, run] of runs.entries()) {
      if (index > 0)
        expect(Date.parse(run.createdAt)).toBeGreaterThanOrEqual(Date.parse(runs[index - 1]?.endedAt ?? ''));
    }
  });

  it('a diamond: both sides at once, the last step after both', async () => {
    const { hex, sandbox } = await pipelineHarness({ sandbox: { duration: 400 } });
    const handle = await hex.startPipeline({
      steps: [
        step('top'),
        step('left', { dependsOn: 'top' }),
        step('right', { dependsOn: 'top' }),
        step('bottom', { dependsOn: ['left', 'right'] }),
      ],
    });
    await handle.result();
    const run = (id: string) => sandbox.ledger().runs.find(({ projectId }) => projectId === id);
    const time = (text: string | null | undefined) => Date.parse(text ?? '');
    expect(time(run('right')?.createdAt)).toBeLessThan(time(run('left')?.endedAt));
    expect(time(run('left')?.createdAt)).toBeLessThan(time(run('right')?.endedAt));
    expect(time(run('bottom')?.createdAt)).toBeGreaterThanOrEqual(time(run('left')?.endedAt));
    expect(time(run('bottom')?.createdAt)).toBeGreaterThanOrEqual(time(run('right')?.endedAt));
  });

  it('stops at the first failure, and says which step, project, run, status, what to do, and the results so far', async () => {
    const { hex, sandbox } = await pipelineHarness();
    sandbox.script([{ match: { projectId: 'transform' }, endAs: 'ERRORED' }]);
    const handle = await hex.startPipeline({
      name: 'etl',
      steps: ['extract', 'transform', 'load'].map((id) => step(id)),
    });
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('HexPipelineFailed');
    const [details] = failure.details as [PipelineFailureDetails];
    expect(details).toMatchObject({
      step: 'transform',
      projectId: 'transform',
      status: 'ERRORED',
      failed: ['transform'],
    });
    expect(details.runUrl).toContain('transform');
    expect(details.hint).toBeTruthy();
    expect(details.steps.extract).toMatchObject({ success: true, status: 'COMPLETED' });
    expect(details.steps.load).toMatchObject({ success: false, status: 'UPSTREAM_FAILED' });
    expect(failure.message).toContain('"transform"');
    expect(sandbox.ledger().runs.map(({ projectId }) => projectId)).toEqual(['extract', 'transform']);
  });
});
