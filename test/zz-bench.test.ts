import { expect, it } from 'vitest';
import { hex as step, pipelineHarness } from './support/pipelines.js';
import { FAST } from './support/harness.js';
const INSTANT = { ...FAST, poll: { first: 0, min: 5, max: 50 } };
it('chain 40 and fan-out 100', async () => {
  const { hex, temporal } = await pipelineHarness({ sandbox: { duration: 0 } as never });
  for (let round = 0; round < 3; round++) {
    let t = Date.now();
    const h = await hex.startPipeline({ steps: Array.from({ length: 40 }, (_, i) => step(`s${i}`, INSTANT)) });
    await h.result();
    console.log('chain 40', Date.now() - t, 'ms', (Date.now() - t) / 40, 'per step');
    const hist = await temporal.workflow.getHandle(h.workflowId).fetchHistory();
    console.log('parent events', hist.events?.length);
    const ch = await temporal.workflow.getHandle(`${h.workflowId}/s5`).fetchHistory();
    console.log('child events', ch.events?.map((e) => e.eventType).join(' '));
    t = Date.now();
    const f = await hex.startPipeline({ steps: [{ ...step('f', INSTANT), forEach: Array.from({ length: 100 }, (_, i) => i) } as never] });
    await f.result();
    console.log('fan-out 100', Date.now() - t, 'ms');
  }
  expect(1).toBe(1);
}, 120000);
