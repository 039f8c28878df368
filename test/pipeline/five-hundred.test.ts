import { expect, it } from 'vitest';
import type { StepDefinition } from '../../src/index.js';
import { FAST } from '../support/harness.js';
import { hex, pipelineHarness } from '../support/pipelines.js';

/** Temporal warns at 10,240 events and 10 MiB, and ends a workflow at 51,200 and 50 MiB. */
const WARNS = { events: 10_240, bytes: 10 * 1_048_576 };

it('a pipeline of 500 steps stays far from the limits of a history', async () => {
  const rig = await pipelineHarness({ sandbox: { duration: 0 }, env: { HEX_LIMITS: 'off' }, worker: false });
  // As much work as this is worth a thread for the workflow code.
  await rig.work({ maxCachedWorkflows: 100, debugMode: false });
  const instant = { ...FAST, poll: { first: 0, min: '10ms', max: '100ms' } };
  const steps: StepDefinition[] = Array.from({ length: 500 }, (_, i) =>
    hex(`step-${i}`, {
      ...instant,
      dependsOn: i < 50 ? [] : [`step-${i - 50}`, `step-${i % 50 === 0 ? i - 1 : i - 51}`],
    }),
  );
  const handle = await rig.hex.startPipeline({ name: 'five-hundred', maxParallel: 25, steps });
  const result = await handle.result();
  expect(Object.keys(result.steps)).toEqual(steps.map(({ id }) => id));
  expect(rig.sandbox.ledger().runs).toHaveLength(500);
  const { historyLength, historySize } = await rig.temporal.workflow.getHandle(handle.workflowId).describe();
  const result500 = JSON.stringify(result).length;
  process.stdout.write(
    `500 steps: ${historyLength} events, ${historySize} bytes, result ${result500} bytes\n`,
  );
  expect(historyLength).toBeLessThan(WARNS.events / 2);
  expect(historySize).toBeLessThan(WARNS.bytes / 2);
}, 180_000);
