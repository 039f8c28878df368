import { afterAll, beforeAll, expect, it } from 'vitest';
import { keeperId } from '../../src/contract/ids.js';
import { donePartitionsQuery } from '../../src/contract/messages.js';
import type { PipelineResult } from '../../src/index.js';
import { type Harness, harness, until } from '../support/harness.js';
import { hex } from '../support/pipelines.js';

const cleanUps: (() => Promise<unknown>)[] = [];
let rig: Harness;

beforeAll(async () => {
  rig = await harness({ atEnd: (cleanUp) => cleanUps.push(cleanUp) });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** As the server does when the retention of the namespace is over. */
async function forget(workflowId: string): Promise<void> {
  const { workflow } = rig.temporal;
  const { namespace } = workflow.options;
  await workflow.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
}

it('a date whose run Temporal keeps no more stays done: for the plan, the list of partitions, a wait and a backfill', async () => {
  const { temporal, taskQueue, sandbox } = rig;
  const name = `forgotten-${taskQueue}`;
  const pipeline = { name, schedule: { cron: '30 2 * * *', paused: true }, steps: [hex('a')] };
  await rig.hex.schedules.apply([{ file: 'forgotten.yaml', input: pipeline as never }]);
  cleanUps.push(() => rig.hex.schedules.delete(name));
  const range = { from: '2026-03-27', to: '2026-03-30' };
  sandbox.script({ match: { operation: 'runProject' }, skip: 1, endAs: 'ERRORED' });
  // 2026-03-28 fails, all others succeed.
  await (await rig.hex.backfills.start({ pipeline, ...range })).result().catch(() => undefined);
  await until('all are listed', async () => {
    const states = (await rig.hex.partitions(name, range)).map(({ state }) => state);
    return states.filter((state) => state === 'done').length === 3;
  });
  const keeper = await temporal.workflow.start('hexKeeper', {
    ...{ workflowId: keeperId(taskQueue), taskQueue, args: [] },
  });
  cleanUps.push(() => keeper.terminate());
  await until('they are remembered', async () => (await keeper.query(donePartitionsQuery, name)).length > 0);
  for (const { workflowId } of await rig.hex.partitions(name, range)) await forget(workflowId ?? '');
  const rows = await until('they are forgotten', async () => {
    const found = await rig.hex.partitions(name, range);
    return found.every(({ workflowId }) => workflowId === null) && found;
  });
  const states = ['done', 'missing', 'done', 'done'];
  expect(rows.map(({ state }) => state)).toEqual(states);
  const plan = await rig.hex.backfills.plan({ pipeline, ...range });
  expect(plan.partitions.map(({ state }) => state)).toEqual(states);
  const waited = async (partition: string, within: string) => {
    const steps = [{ id: 'wait', waitFor: { pipeline: name, partition, every: '100ms', within } }];
    return ((await (await rig.hex.startPipeline({ steps } as never)).result()) as PipelineResult).steps.wait;
  };
  expect(await waited('2026-03-27', '30s')).toEqual({
    ...{ success: true, status: 'COMPLETED', partition: '2026-03-27' },
    durationMs: expect.any(Number),
  });
  await expect(waited('2026-03-28', '1s')).rejects.toMatchObject({
    cause: { message: expect.stringContaining('which did not come: it has no run yet') },
  });
  const ran = sandbox.ledger().runs.length;
  const { counts } = await (await rig.hex.backfills.start({ pipeline, ...range })).result();
  expect(counts).toMatchObject({ success: 1, left: 3 });
  expect(sandbox.ledger().runs).toHaveLength(ran + 1);
});
