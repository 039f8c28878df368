import { randomUUID } from 'node:crypto';
import { DEFAULT_POLL, pollIntervalMs } from '../src/run/poll-interval.js';
import type { Bench } from './support/bench.js';
import { eventsOf } from './support/history.js';
import { load } from './support/machine.js';
import { count, ms } from './support/numbers.js';
import { startHexWorker } from './support/processes.js';
import { statusReads } from './support/reads.js';
import { withStack } from './support/stack.js';

const RUN_MS = 3_600_000;
/** Sandbox seconds in a real one. Much more, and the time that a read takes would count as waiting. */
const CLOCK_FACTOR = 30;
const GOAL_READS = 100;

export const reads: Bench = {
  title: 'Reads: one run of an hour, default poll settings',
  method: [
    `The sandbox's clock and the poll settings go ${CLOCK_FACTOR} times as fast as they would in earnest; one hour passes in ${RUN_MS / CLOCK_FACTOR / 1_000} s.`,
    'The time that a read itself takes counts as many times as much, so there are a few reads less than the formula has.',
  ],
  run: () =>
    withStack({ duration: RUN_MS, clockFactor: CLOCK_FACTOR }, async (stack) => {
      stack.own(await startHexWorker(stack.env));
      const { minMs, maxMs, factor } = DEFAULT_POLL;
      const workflowId = randomUUID();
      const scaled = (length: number) => `${Math.round(length / CLOCK_FACTOR)}ms`;
      const handle = await stack.hex.startRun(
        {
          projectId: 'an-hour',
          poll: { min: scaled(minMs), max: scaled(maxMs), factor },
        },
        { workflowId },
      );
      const { polls, durationMs } = await handle.result();
      const { operations } = stack.sandbox.ledger().counters;
      const events = await eventsOf(stack.temporal, workflowId);
      const lateMs = durationMs * CLOCK_FACTOR - RUN_MS;
      return [
        {
          what: 'status reads, as the sandbox counts them',
          value: count(statusReads(operations)),
          against: `goal <= ${GOAL_READS}; by the formula ${readsByFormula()}; every 2 s would be ${count(RUN_MS / 2_000)}`,
        },
        { what: 'events a read', value: count(eventsPerRead(events), 1), against: `${polls} reads` },
        {
          what: 'events in all',
          value: count(events.length),
          against: 'continue-as-new is suggested at 4,096',
        },
        {
          what: 'the end was seen',
          value: `${ms(lateMs / 1_000).replace(' ms', ' s')} late`,
          against: 'in the time of the run; at most a poll interval, 60 s',
        },
        { what: 'load', value: load() },
      ];
    }),
};

/** How many reads the poll settings make of an hour when a read takes no time. */
function readsByFormula(): number {
  let reads = 0;
  for (let elapsed = 0; elapsed < RUN_MS; reads++) elapsed += pollIntervalMs(elapsed);
  return reads;
}

/** Events from one read to the next, start and end left out. */
function eventsPerRead(events: readonly string[]): number {
  const reads = events.flatMap((name, index) =>
    name === 'activityTaskScheduledEventAttributes' ? [index] : [],
  );
  // The first activity is the trigger.
  const [, first = 0] = reads;
  return ((reads.at(-1) ?? 0) - first) / (reads.length - 2);
}
