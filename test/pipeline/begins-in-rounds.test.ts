import { expect, it, onTestFinished } from 'vitest';
import { FAST, harness } from '../support/harness.js';

it('a large fan-out begins in rounds: the next when all of those before have begun, and every item runs', async () => {
  const rig = await harness({ atEnd: onTestFinished, sandbox: { duration: { pending: 0, running: 0 } } });
  const forEach = Array.from({ length: 130 }, (_, n) => n);
  const pipeline = await rig.hex.startPipeline([{ id: 'each', forEach, projectId: 'p-{{ item }}', ...FAST }]);
  expect(await pipeline.result()).toMatchObject({ success: true });
  expect(new Set(rig.sandbox.ledger().runs.map(({ projectId }) => projectId)).size).toBe(forEach.length);

  const { events = [] } = await rig.temporal.workflow.getHandle(pipeline.workflowId).fetchHistory();
  const rounds: number[] = [];
  const begun = new Set<string>();
  let task = '';
  for (const event of events ?? []) {
    const initiated = event.startChildWorkflowExecutionInitiatedEventAttributes;
    const started = event.childWorkflowExecutionStartedEventAttributes;
    if (started) begun.delete(started.workflowExecution?.workflowId ?? '');
    if (!initiated) continue;
    const itsTask = String(initiated.workflowTaskCompletedEventId);
    if (itsTask !== task) {
      expect([...begun]).toEqual([]);
      rounds.push(0);
      task = itsTask;
    }
    begun.add(initiated.workflowId ?? '');
    rounds[rounds.length - 1] = (rounds.at(-1) ?? 0) + 1;
  }
  // Ten of twelve, and the rest.
  expect(rounds).toEqual([...Array.from({ length: 10 }, () => 12), 10]);
});
