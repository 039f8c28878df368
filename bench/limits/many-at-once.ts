import type { Bench } from '../support/bench.js';
import { load } from '../support/machine.js';
import { count, quantile, seconds } from '../support/numbers.js';
import type { Row } from '../support/table.js';
import { closings, MINUTE, readsOf, refusals, SECOND, withLimits } from './rig.js';

const RUNS = 25;
/** A minute takes 6 s: what the engine adds to a read counts ten times. */
const FACTOR = 10;
/** Two to six minutes, in no order. */
const lengthOf = (n: number) => 2 * MINUTE + ((n * 7) % RUNS) * 10 * SECOND;

export const manyAtOnce: Bench = {
  title: `(a) ${RUNS} runs of 2 to 6 minutes at once, Hex's limits (30 reads a minute)`,
  method: [
    `The sandbox's clock, the windows and the poll settings go ${FACTOR} times as fast; times are those of the run.`,
    'Delay: from the end of a run by the ledger to the end of its workflow.',
  ],
  run: async () => {
    const one = await follow('in one project', () => 'the-only-one');
    const each = await follow(`in ${RUNS} projects`, (n) => `project-${n}`);
    return [...one, ...each, { what: 'load', value: load() }];
  },
};

function follow(name: string, projectOf: (n: number) => string): Promise<Row[]> {
  return withLimits(FACTOR, {}, async (stack) => {
    const numbers = Array.from({ length: RUNS }, (_, n) => n);
    stack.sandbox.script(
      numbers.map((n) => ({ match: { inputParams: { n } }, times: null, duration: lengthOf(n) })),
    );
    await stack.startWorker();
    const handles = await Promise.all(
      numbers.map((n) =>
        stack.hex.startRun({ projectId: projectOf(n), inputParams: { n }, poll: stack.poll() }),
      ),
    );
    const results = await Promise.allSettled(handles.map((handle) => handle.result()));
    const failures = results.filter(({ status }) => status === 'rejected').length;
    const ledger = stack.sandbox.ledger();
    const closed = await closings(
      stack,
      handles.map(({ workflowId }) => workflowId),
    );
    const delays = numbers.map((n) => {
      const run = ledger.runs.find(({ inputParams }) => inputParams?.n === n);
      return (closed[n] ?? Number.NaN) - Date.parse(run?.endedAt ?? '');
    });
    const { limited, noKernel } = refusals(ledger);
    const reads = readsOf(ledger);
    const lists = reads.filter(({ operation }) => operation === 'listProjectRuns').length;
    return [
      {
        what: `${name}: 429, 503, failures`,
        value: `${limited}, ${noKernel}, ${failures}`,
        against: 'goal 0, 0, 0',
      },
      {
        what: `${name}: delay, median`,
        value: seconds(quantile(delays, 0.5)),
        against: `p95 ${seconds(quantile(delays, 0.95))}, most ${seconds(Math.max(...delays))}`,
      },
      {
        what: `${name}: reads`,
        value: count(reads.length),
        against: `${lists} of them lists; at most ${count(busiest(reads.map(({ at }) => Date.parse(at))))} in any minute`,
        note: `one every 3 s for each run would be ${count(numbers.reduce((sum, n) => sum + lengthOf(n), 0) / 3_000)}`,
      },
    ];
  });
}

/** Most moments in any minute. */
function busiest(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE).length));
}
