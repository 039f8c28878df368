import { describe, expect, it } from 'vitest';
import type { PipelineFailureDetails, StepDefinition } from '../../src/index.js';
import { FAST, failureOf, type Harness, sharedHarness } from '../support/harness.js';
import { hex, replay } from '../support/pipelines.js';

/** Runs that start to run at once, and do not end by themselves. */
const LONG = { duration: { pending: 0, running: '1h' } };
const rigWith = sharedHarness();

const beside = (id: string, more: Record<string, unknown> = {}) => hex(id, { dependsOn: [], ...more });

/** Starts a pipeline of which the run of `bad` ends ERRORED once so many runs are going on. */
async function failing(rig: Harness, definition: object, runs: number): Promise<PipelineFailureDetails> {
  const handle = await rig.hex.startPipeline(definition as never);
  const ledger = await rig.sandbox.waitFor((one) => one.runs.length === runs);
  rig.sandbox.endRun(ledger.runs.find(({ projectId }) => projectId === 'bad')?.runId ?? '', 'ERRORED');
  const failure = await failureOf(handle.result());
  await replay(rig, handle.workflowId);
  return failure.details?.[0] as PipelineFailureDetails;
}

const ended = ({ sandbox }: Harness) =>
  Object.fromEntries(sandbox.ledger().runs.map(({ projectId, status }) => [projectId, status]));

describe('cancelSiblings: a step that fails', () => {
  it('cancels the runs beside it in Hex, confirmed, and fails as itself', async () => {
    const rig = rigWith(LONG);
    const steps = [beside('bad'), beside('one'), beside('two')];
    const details = await failing(rig, { cancelSiblings: true, steps }, 3);
    expect(ended(rig)).toEqual({ bad: 'ERRORED', one: 'KILLED', two: 'KILLED' });
    expect(details).toMatchObject({ step: 'bad', error: { type: 'HexRunErrored' } });
    expect(details.steps.one).toMatchObject({
      status: 'CANCELLED',
      reason: 'cancelled by the pipeline: bad failed',
    });
  });

  it('leaves the run of a step with onCancel: leave going on, and names it', async () => {
    const rig = rigWith(LONG);
    const steps = [beside('bad'), beside('one', { onCancel: 'leave' })];
    const details = await failing(rig, { cancelSiblings: true, steps }, 2);
    expect(ended(rig)).toEqual({ bad: 'ERRORED', one: 'RUNNING' });
    expect(details.leftRunning).toMatchObject([{ projectId: 'one' }]);
    expect(details.steps.one).toMatchObject({ status: 'CANCELLED' });
  });

  it('of a step alone: only its own failure cancels', async () => {
    const rig = rigWith(LONG);
    const steps = [beside('bad'), beside('strict', { cancelSiblings: true })];
    const handle = await rig.hex.startPipeline({ steps });
    const { runs } = await rig.sandbox.waitFor((one) => one.runs.length === 2);
    const end = (id: string, status: 'ERRORED' | 'COMPLETED') =>
      rig.sandbox.endRun(runs.find(({ projectId }) => projectId === id)?.runId ?? '', status);
    end('bad', 'ERRORED');
    end('strict', 'COMPLETED');
    await failureOf(handle.result());
    expect(ended(rig)).toEqual({ bad: 'ERRORED', strict: 'COMPLETED' });
  });

  it('lets steps go on whose rule asks for failures', async () => {
    const rig = rigWith({ ...LONG, durations: { tidy: 100 } });
    const tidy = hex('tidy', { dependsOn: 'bad', triggerRule: 'all_done' });
    const details = await failing(
      rig,
      { cancelSiblings: true, steps: [beside('bad'), beside('one'), tidy] },
      2,
    );
    expect(ended(rig)).toEqual({ bad: 'ERRORED', one: 'KILLED', tidy: 'COMPLETED' });
    expect(details.steps.tidy).toMatchObject({ status: 'COMPLETED' });
  });

  it('in a fan-out: the item that fails cancels the other items too', async () => {
    const rig = rigWith(LONG);
    const fan = {
      id: 'fan',
      forEach: ['bad', 'one', 'two'],
      projectId: '{{ item }}',
      ...FAST,
    } as StepDefinition;
    const details = await failing(rig, { cancelSiblings: true, steps: [fan] }, 3);
    expect(ended(rig)).toEqual({ bad: 'ERRORED', one: 'KILLED', two: 'KILLED' });
    expect(details).toMatchObject({ step: 'fan', error: { type: 'HexRunErrored' } });
    expect(details.steps.fan).toMatchObject({ count: 3, succeeded: 0, failed: 1 });
  });
});
