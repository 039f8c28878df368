import { hexLimits } from '../../src/sandbox/index.js';
import type { Bench } from '../support/bench.js';
import { load } from '../support/machine.js';
import { count } from '../support/numbers.js';
import { HOUR, type LimitedStack, MINUTE, refusals, withLimits } from './rig.js';

const RUNS = 200;
const PROJECTS = 25;
const RUN_MS = MINUTE;
/** An hour takes 90 s. */
const FACTOR = 40;
const GOAL = 1.05;
/** So many start together. */
const LOT = hexLimits.startsPerMinute ?? RUNS;
const FIRST_HOUR = hexLimits.startsPerHour ?? 0;

export const longLine: Bench = {
  title: `(b) ${RUNS} runs of a minute in ${PROJECTS} projects, all asked for at once, Hex's limits`,
  method: [
    `The sandbox's clock, the windows and the poll settings go ${FACTOR} times as fast; times are those of the sandbox.`,
    'Ideal: each run starts in the very moment in which the windows (20 a minute, 60 an hour) and 25 kernels allow it.',
  ],
  run: () =>
    withLimits(FACTOR, { duration: RUN_MS }, async (stack) => {
      await stack.startWorker();
      const askedAt = stack.inSandbox(Date.now());
      const handles = await Promise.all(
        Array.from({ length: RUNS }, (_, n) =>
          stack.hex.startRun({
            projectId: `project-${n % PROJECTS}`,
            inputParams: { n },
            poll: stack.poll(),
            queueTimeout: '1h',
          }),
        ),
      );
      const results = await Promise.allSettled(handles.map((handle) => handle.result()));
      const totalMs = stack.inSandbox(Date.now()) - askedAt;
      const failures = results.filter(({ status }) => status === 'rejected').length;
      const ledger = stack.sandbox.ledger();
      const { limited, noKernel } = refusals(ledger);
      const order = await places(
        stack,
        handles.map(({ workflowId }) => workflowId),
        ledger.runs.map(({ inputParams }) => Number(inputParams?.n)),
      );
      return [
        {
          what: '429, 503, failures',
          value: `${limited}, ${noKernel}, ${failures}`,
          against: 'goal 0, 0, 0',
        },
        {
          what: 'asked for to all results',
          value: `${count(totalMs / MINUTE, 1)} min`,
          against: `ideal ${count(idealMs() / MINUTE, 1)} min: ${count(totalMs / idealMs(), 3)} of it, goal <= ${GOAL}`,
        },
        {
          what: 'furthest from its place in line',
          value: `${order.furthest} of ${order.of}`,
          against: `goal < ${LOT}: so many are let go together, and start in no order`,
        },
        { what: 'load', value: load() },
      ];
    }),
};

/**
 * How far the order of the starts is from the order of asking, for those that started after the first hour's. Those of
 * the first hour start while others are still asking: here that takes seconds, which count as minutes.
 */
async function places(stack: LimitedStack, workflowIds: string[], started: number[]) {
  const later = started.slice(FIRST_HOUR);
  const asked: { n: number; at: number }[] = [];
  for (const n of later) {
    const { startTime } = await stack.temporal.workflow.getHandle(workflowIds[n] ?? '').describe();
    asked.push({ n, at: startTime.getTime() });
  }
  const line = asked.sort((a, b) => a.at - b.at).map(({ n }) => n);
  const moves = line.map((n, place) => Math.abs(place - later.indexOf(n)));
  return { of: later.length, furthest: Math.max(...moves) };
}

/** From asking to the end of the last run, if nothing took any time. */
function idealMs(): number {
  const { startsPerMinute, startsPerHour, kernels } = hexLimits;
  const starts: number[] = [];
  const after = (back: number | null, ms: number) => {
    const before = back === null ? undefined : starts[starts.length - back];
    return before === undefined ? 0 : before + ms;
  };
  for (let n = 0; n < RUNS; n++)
    starts.push(Math.max(after(startsPerMinute, MINUTE), after(startsPerHour, HOUR), after(kernels, RUN_MS)));
  return (starts.at(-1) ?? 0) + RUN_MS;
}
