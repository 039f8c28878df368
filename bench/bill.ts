import { randomUUID } from 'node:crypto';
import type { HexRunInput } from '../src/run/input.js';
import { HOUR, type LimitedStack, MINUTE, withLimits } from './limits/rig.js';
import { type Cost, costOf } from './support/actions.js';
import type { Bench } from './support/bench.js';
import { load } from './support/machine.js';
import { count } from './support/numbers.js';
import type { Row } from './support/table.js';

/** An hour takes two minutes. */
const FACTOR = 30;
const KNOWN = 20;
const GOAL = 90;
const NAIVE_POLL_MS = 5_000;
const STEPS = 5;

export const bill: Bench = {
  title:
    'The bill: billable actions, as Temporal Cloud counts them, and events of a run of an hour and of a step',
  method: [
    'Starts, signals, timers, activities and each of their retries, Updates, upserts of search attributes; a child twice;',
    'markers of one workflow task together; no queries. Counted in the histories, by docs.temporal.io/evaluate/cloud/actions.',
    `The sandbox's clock, the windows and the poll settings go ${FACTOR} times as fast. Earlier runs: ${KNOWN}, as long but for 10 %.`,
  ],
  run: () =>
    withLimits(FACTOR, { duration: HOUR }, async (stack) => {
      stack.sandbox.seed(
        Array.from({ length: KNOWN }, (_, n) => ({
          projectId: 'known',
          trigger: 'API' as const,
          ago: (KNOWN - n) * 24 * HOUR,
          duration: { running: HOUR * (0.9 + (0.2 * n) / KNOWN) },
        })),
      );
      await stack.startWorker();
      const poll = { ...stack.poll(), learn: false };
      const [learned, byAge, steps] = await Promise.all([
        oneHour(stack, { projectId: 'known', poll: { min: poll.min } }),
        oneHour(stack, { projectId: 'by-age', poll }),
        pipeline(stack),
      ]);
      const limiter = await costOf(stack.temporal, 'hex-limiter/hex/default');
      const naive = 2 * (HOUR / NAIVE_POLL_MS) + 3;
      return [
        row(
          'a run of an hour, with a past',
          learned,
          `goal <= ${GOAL}; read every 5 s it would be ${count(naive)}`,
        ),
        row('the same by its age alone', byAge),
        row(`a step of a minute, of a pipeline of ${STEPS}`, steps, 'its share of the pipeline included'),
        row('the limiter, for all of them', limiter),
        { what: 'load', value: load() },
      ];
    }),
};

async function oneHour(stack: LimitedStack, input: HexRunInput): Promise<Cost> {
  const handle = await stack.hex.startRun(input);
  await handle.result();
  return costOf(stack.temporal, handle.workflowId);
}

/** What one of several steps costs. */
async function pipeline(stack: LimitedStack): Promise<Cost> {
  const ids = Array.from({ length: STEPS }, (_, n) => `step-${n}`);
  stack.sandbox.script(ids.map((projectId) => ({ match: { projectId }, duration: MINUTE })));
  const steps = ids.map((id) => ({ id, projectId: id, poll: stack.poll() }));
  const handle = await stack.hex.startPipeline({ name: 'bill', steps }, { workflowId: randomUUID() });
  await handle.result();
  const costs = await Promise.all(
    [handle.workflowId, ...ids.map((id) => `${handle.workflowId}/${id}`)].map((id) =>
      costOf(stack.temporal, id),
    ),
  );
  const sum = (of: (cost: Cost) => number) => costs.reduce((total, cost) => total + of(cost), 0) / STEPS;
  return { actions: sum((cost) => cost.actions), events: sum((cost) => cost.events), executions: 1 };
}

function row(what: string, { actions, events }: Cost, against?: string): Row {
  return {
    what,
    value: `${count(actions)} actions, ${count(events)} events`,
    ...(against !== undefined && { against }),
  };
}
