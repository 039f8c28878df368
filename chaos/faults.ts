import type { Fault } from '../src/sandbox/index.js';
import type { Random } from './random.js';

/** A fault without what it is to hit. */
type Effect = Omit<Fault, 'match'>;
type Choice = readonly [weight: number, make: (random: Random) => Effect];

/** Time limit of a request, ms; answers are late on both sides of it. */
export const REQUEST_TIMEOUT_MS = 2_000;
/** How long the product waits for a start that arrives late, ms. Late starts stay well within it. */
export const LATE_START_GRACE_MS = 1_500;
const LATEST_START_MS = 1_000;

const slow = (random: Random) => ({ lateMs: random.between(500, 1_500) });
const tooLate = (random: Random) => ({ lateMs: random.between(2_500, 3_500) });
/** With the time to wait: without it a refused start stops all others of its connection for a minute. */
const refusal = (status: number) => () => ({ status, headers: { 'retry-after': '1' } });

/** A start whose answer is lost. */
const LOST_STARTS: readonly Choice[] = [
  [3, () => ({ drop: 'before' })],
  [3, () => ({ drop: 'after' })],
  [2, () => ({ statusAfter: 500 })],
  [1, () => ({ status: 500 })],
  [2, tooLate],
  [1, () => ({ hang: true })],
  [1, () => ({ hang: 'after' })],
  [3, (random) => ({ createLateMs: random.between(100, LATEST_START_MS) })],
];

const OTHER_STARTS: readonly Choice[] = [
  // Rare: after each, the limiter lets one start through at a time until one has succeeded.
  [0.5, refusal(429)],
  [0.5, refusal(503)],
  [3, slow],
  [2, () => ({ endAs: 'ERRORED' })],
  [2, () => ({ endAs: 'KILLED' })],
  [1, () => ({ endAs: 'UNABLE_TO_ALLOCATE_KERNEL' })],
  [1, () => ({ unknownStatus: 'QUEUED', forMs: 1_000 })],
];

const READS: readonly Choice[] = [
  [3, () => ({ status: 500 })],
  [2, () => ({ status: 502, body: '<html>bad gateway</html>' })],
  [2, () => ({ drop: 'before' })],
  [2, () => ({ drop: 'after' })],
  [1, tooLate],
  [2, slow],
  [2, refusal(429)],
  [2, () => ({ unknownStatus: 'SUSPENDED' })],
  [1, () => ({ hang: true })],
  [1, () => ({ status: 200, body: 'no json' })],
  [1, () => ({ endAs: 'ERRORED' })],
];

/** The list is of a project and knows no step, so what goes wrong with it is left to chance. */
export const LIST_FAULTS: Fault[] = [
  { probability: 0.08, status: 503 },
  { probability: 0.08, drop: 'before' as const },
  { probability: 0.05, drop: 'after' as const },
  { probability: 0.05, lateMs: 3_000 },
  { probability: 0.05, ...refusal(429)() },
].map((fault) => ({ match: { operation: 'listProjectRuns' }, times: null, ...fault }));

const CANCELS: readonly Choice[] = [
  [3, () => ({ status: 503 })],
  [2, () => ({ statusAfter: 500 })],
  [3, () => ({ ignoreCancel: true })],
  [2, (random) => ({ slowCancelMs: random.between(300, 2_000) })],
  [1, () => ({ cancelLateMs: 3_000 })],
  [2, () => ({ drop: 'before' })],
  [2, () => ({ drop: 'after' })],
];

export interface FaultyStep {
  /** Value of the input parameter `chaos`, by which its requests are known. */
  key: string;
  /** It will be cancelled. */
  cancelled: boolean;
  /** Somebody else starts the same project while the answer to its start is lost. */
  stranger: boolean;
}

/** What goes wrong with the calls for one step. */
export function faultsOf(step: FaultyStep, random: Random): Fault[] {
  const choose = (choices: readonly Choice[]) => random.weighted(choices)(random);
  const on = (operation: 'runProject' | 'getRunStatus' | 'cancelRun', effect: Effect): Fault => ({
    match: { operation, inputParams: { chaos: step.key } },
    ...effect,
  });
  if (step.stranger) return [on('runProject', { lateMs: REQUEST_TIMEOUT_MS + 1_500 })];
  const faults: Fault[] = [];
  if (random.chance(0.15)) faults.push(on('runProject', choose(OTHER_STARTS)));
  if (random.chance(0.25)) faults.push(on('runProject', choose(LOST_STARTS)));
  const reads = random.weighted([
    [6, 0],
    [3, 1],
    [1, 2],
  ]);
  for (let n = 0; n < reads; n++)
    faults.push(on('getRunStatus', { skip: random.between(0, 3), ...choose(READS) }));
  if (step.cancelled && random.chance(0.7)) faults.push(on('cancelRun', choose(CANCELS)));
  if (step.cancelled && random.chance(0.3)) faults.push(on('cancelRun', choose(CANCELS)));
  return faults;
}
