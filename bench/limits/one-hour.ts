import type { Bench } from '../support/bench.js';
import { load } from '../support/machine.js';
import { count, seconds } from '../support/numbers.js';
import { closings, HOUR, readsOf, refusals, withLimits } from './rig.js';

const FACTOR = 60;
const GOAL = 100;

export const oneHour: Bench = {
  title: "(d) one run of an hour, Hex's limits",
  method: [`The sandbox's clock, the windows and the poll settings go ${FACTOR} times as fast.`],
  run: () =>
    withLimits(FACTOR, { duration: HOUR }, async (stack) => {
      await stack.startWorker();
      const handle = await stack.hex.startRun({ projectId: 'an-hour', poll: stack.poll() });
      await handle.result();
      const ledger = stack.sandbox.ledger();
      const [closed = Number.NaN] = await closings(stack, [handle.workflowId]);
      const late = closed - Date.parse(ledger.runs[0]?.endedAt ?? '');
      return [
        {
          what: 'reads',
          value: count(readsOf(ledger).length),
          against: `goal <= ${GOAL}; one of them checks the token when the worker starts`,
        },
        { what: '429', value: String(refusals(ledger).limited), against: 'goal 0' },
        {
          what: 'delay',
          value: seconds(late),
          against: 'in the time of the run; at most a poll interval, 60 s',
        },
        { what: 'load', value: load() },
      ];
    }),
};
