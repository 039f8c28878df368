import { expect, it } from 'vitest';
import { FAST, harness, until } from '../support/harness.js';

const AT_ONCE = { ...FAST, poll: { ...FAST.poll, first: 0 } };

it('a run that is over by the first read takes one activity, and is searchable with its status', async () => {
  const { hex, sandbox, temporal, taskQueue } = await harness({ sandbox: { duration: 0 } });
  const handle = await hex.startRun({ projectId: 'sales', ...AT_ONCE });
  const result = await handle.result();
  expect(result).toMatchObject({ success: true, status: 'COMPLETED', polls: 1 });
  expect(result.endTime).not.toBeNull();
  const { events } = await handle.fetchHistory();
  const activities = (events ?? []).flatMap(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
  );
  expect(activities).toEqual(['triggerRun']);
  expect(sandbox.ledger().runs).toHaveLength(1);
  const query = `HexRunId = '${result.runId}' AND HexStatus = 'COMPLETED' AND TaskQueue = '${taskQueue}'`;
  await until('it is found', async () => (await temporal.workflow.count(query)).count === 1);
});

it.each([
  ['fails', { status: 500 }],
  ['hangs', { hang: true as const }],
])('a first read that %s costs no second run and no search', async (_, fault) => {
  const { hex, sandbox } = await harness({ sandbox: { duration: 100 } });
  sandbox.script([{ match: { operation: 'getRunStatus' }, ...fault }]);
  const result = await (await hex.startRun({ projectId: 'sales', ...AT_ONCE })).result();
  expect(result).toMatchObject({ success: true, status: 'COMPLETED' });
  expect(result.adopted).toBeUndefined();
  expect(sandbox.ledger().runs).toHaveLength(1);
});

it('a run that goes on after the first read is followed, and a cancel ends it in Hex', async () => {
  const { hex, sandbox } = await harness({ sandbox: { duration: '1h' } });
  const handle = await hex.startRun({ projectId: 'sales', ...AT_ONCE });
  await sandbox.waitFor(({ runs }) => runs.length === 1);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect(sandbox.ledger().runs).toMatchObject([{ status: 'KILLED' }]);
});
