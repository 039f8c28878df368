import { expect, inject, it } from 'vitest';
import type { StepDefinition } from '../../src/index.js';
import { FAST } from '../support/harness.js';
import { hex, pipelineHarness } from '../support/pipelines.js';

/** Temporal warns at 10,240 events and 10 MiB, and ends a workflow at 51,200 and 50 MiB. */
const WARNS = { events: 10_240, bytes: 10 * 1_048_576 };
/** Enough to see how a history grows. */
const STEPS = inject('thorough') ? 200 : 40;
const FIRST = STEPS / 2;
const MANY = 500;

it('a pipeline of 500 steps stays far from the limits of a history, which grows by the same for each step', async () => {
  const rig = await pipelineHarness({ sandbox: { duration: 0 } });
  const instant = { ...FAST, poll: { first: 0, min: '10ms', max: '100ms' } };
  const steps: StepDefinition[] = Array.from({ length: STEPS }, (_, i) =>
    hex(`step-${i}`, {
      ...instant,
      dependsOn: i < FIRST ? [] : [`step-${i - FIRST}`, `step-${i === FIRST ? i - 1 : i - FIRST - 1}`],
    }),
  );
  const handle = await rig.hex.startPipeline({ name: 'five-hundred', maxParallel: 25, steps });
  const result = await handle.result();
  expect(Object.keys(result.steps)).toEqual(steps.map(({ id }) => id));
  expect(rig.sandbox.ledger().runs).toHaveLength(STEPS);
  const { historyLength, historySize } = await rig.temporal.workflow.getHandle(handle.workflowId).describe();
  process.stdout.write(
    `${STEPS} steps: ${historyLength} events, ${historySize} bytes, result ${JSON.stringify(result).length} bytes\n`,
  );
  expect((historyLength / STEPS) * MANY).toBeLessThan(WARNS.events / 2);
  expect(((historySize ?? Number.NaN) / STEPS) * MANY).toBeLessThan(WARNS.bytes / 2);
  const { events = [] } = await handle.fetchHistory();
  const ends = events?.flatMap((event, at) =>
    event.childWorkflowExecutionCompletedEventAttributes ? [at] : [],
  );
  expect(historyLength).toBeLessThan(2.2 * (ends?.[FIRST] ?? 0));
}, 180_000);
