import { expect, it } from 'vitest';
import { FAST, harness } from '../support/harness.js';

it('a long run continues as new and stays the same Hex run, with all its reads counted', async () => {
  const { hex, sandbox, temporal } = await harness({ sandbox: { duration: 'forever' } });
  sandbox.script([{ match: { operation: 'getRunStatus' }, skip: 11, endAs: 'COMPLETED' }]);
  const poll = { min: '50ms', max: '50ms', first: '50ms', perHistory: 5 };
  const handle = await hex.startRun({ projectId: 'sales', ...FAST, poll });
  const result = await handle.result();
  expect(result.success).toBe(true);
  expect(result.polls).toBe(12);
  expect(sandbox.ledger().runs).toHaveLength(1);
  const first = await temporal.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId).describe();
  expect(first.status.name).toBe('CONTINUED_AS_NEW');
});

it('a cancel after it continued as new still ends in DELETE', async () => {
  const { hex, sandbox, temporal } = await harness({ sandbox: { duration: '1h' } });
  const poll = { min: '50ms', max: '50ms', first: '50ms', perHistory: 3 };
  const handle = await hex.startRun({ projectId: 'sales', ...FAST, poll });
  await sandbox.waitFor(({ requests }) => requests.filter(({ method }) => method === 'GET').length > 5);
  await temporal.workflow.getHandle(handle.workflowId).cancel();
  await handle.result().catch(() => undefined);
  expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});
