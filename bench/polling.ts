import { seededRandom } from '../src/sandbox/seeded-random.js';
import { BIMODAL, exponential, type Kind, logNormal } from './polling/durations.js';
import { EVERY_3_S, LEARNED, PENDING_MS, type Rule, type Seen, TODAY, withWorld } from './polling/world.js';
import type { Bench } from './support/bench.js';
import { count, median, quantile } from './support/numbers.js';
import type { Row } from './support/table.js';

const MINUTE = 60_000;
const RUNS = 200;
const KNOWN = 20;
const MANY = 25;
const ROUNDS = 12;

const RULES: readonly Rule[] = [LEARNED, TODAY, EVERY_3_S];

const ALONE: readonly { kind: Kind; goal: string }[] = [
  { kind: logNormal('10 min, cv 0.1', 10 * MINUTE, 0.1), goal: 'median <= 4 s, <= 20 reads' },
  { kind: logNormal('10 min, cv 0.2', 10 * MINUTE, 0.2), goal: 'mean <= 9 s, <= 25 reads' },
  { kind: logNormal('1 min, cv 0.3', MINUTE, 0.3), goal: 'median <= 3 s, <= 8 reads' },
  { kind: logNormal('1 h, cv 0.1', 60 * MINUTE, 0.1), goal: 'median <= 12 s, <= 55 reads' },
  { kind: BIMODAL, goal: 'delay <= 1.1 x, reads <= 1 x' },
  { kind: exponential('exponential, 10 min', 10 * MINUTE), goal: 'delay <= 1.1 x, reads <= 1 x' },
];

const DRIFTS = [0.25, 0.5, 2, 4];

export const polling: Bench = {
  title: 'Learned polling: what one run, or 25 at once, costs in reads and in delay',
  method: [
    'Our code that decides on reads, against the sandbox, whose clock jumps to the next read: a read takes no time.',
    `${RUNS} runs of each kind, each in a project of its own of which Hex knows ${KNOWN} earlier runs; all rules meet the same runs.`,
    'Every 3 s, alone: by arithmetic.',
    'Delay: from the end of a run in Hex to the read that tells of it. The list of earlier runs is one of the reads.',
    `${MANY} at once: ${MANY} projects, means of 2 to 6 min, Hex's limits on; ${ROUNDS} rounds.`,
  ],
  run: async () => {
    const rows: Row[] = [];
    for (const [index, { kind, goal }] of ALONE.entries())
      rows.push(...(await alone(kind, kind, goal, index)));
    const past = logNormal('', 10 * MINUTE, 0.1);
    for (const [index, drift] of DRIFTS.entries()) {
      const kind = logNormal(`10 min, cv 0.1, now ${drift} x as long`, 10 * MINUTE * drift, 0.1);
      rows.push(...(await alone(past, kind, 'mean delay <= 3 x, reads <= 1 x', 10 + index)));
    }
    for (const [index, cv] of [0.1, 0.3].entries()) rows.push(...(await many(cv, 20 + index)));
    return rows;
  },
};

function alone(past: Kind, kind: Kind, goal: string, seed: number): Promise<Row[]> {
  return withWorld({}, async ({ past: known, follow }) => {
    const seen = new Map<Rule, Seen[]>(RULES.map((rule) => [rule, []]));
    const random = seededRandom(seed);
    for (let n = 0; n < RUNS; n++) {
      const durations = Array.from({ length: KNOWN }, () => past.draw(random));
      const durationMs = kind.draw(random);
      for (const [place, rule] of [LEARNED, TODAY].entries()) {
        const projectId = `project-${n}-${place}`;
        known(projectId, durations);
        seen.get(rule)?.push(...(await follow(rule, [{ projectId, durationMs }])));
      }
      // Hundreds of reads of which nothing is to be learned but their number.
      const reads = Math.ceil((PENDING_MS + durationMs) / 3_000);
      seen.get(EVERY_3_S)?.push({ reads, delayMs: reads * 3_000 - PENDING_MS - durationMs });
    }
    return rowsOf(kind.name, seen, goal);
  });
}

function many(cv: number, seed: number): Promise<Row[]> {
  return withWorld({ limits: 'on' }, async ({ past: known, follow, refused }) => {
    const seen = new Map<Rule, Seen[]>(RULES.map((rule) => [rule, []]));
    const random = seededRandom(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const drawn = Array.from({ length: MANY }, () => {
        const kind = logNormal('', (2 + 4 * random()) * MINUTE, cv);
        return {
          past: Array.from({ length: KNOWN }, () => kind.draw(random)),
          durationMs: kind.draw(random),
        };
      });
      for (const [place, rule] of RULES.entries()) {
        const runs = drawn.map(({ past, durationMs }, n) => {
          const projectId = `project-${round}-${place}-${n}`;
          known(projectId, past);
          return { projectId, durationMs, afterMs: n * 3_000 };
        });
        seen.get(rule)?.push(...(await follow(rule, runs)));
      }
    }
    const goal = cv === 0.1 ? 'median <= 8 s, p95 <= 20 s' : '';
    const rows = rowsOf(`${MANY} in ${MANY} projects, cv ${cv}`, seen, goal);
    return [...rows, { what: '', value: `${refused()} x 429`, against: 'goal 0' }];
  });
}

function rowsOf(name: string, seen: ReadonlyMap<Rule, readonly Seen[]>, goal: string): Row[] {
  return [...seen].map(([rule, runs], index) => {
    const delays = runs.map(({ delayMs }) => delayMs / 1_000);
    const reads = runs.map((one) => one.reads);
    const meanReads = reads.reduce((sum, one) => sum + one, 0) / reads.length;
    const mean = delays.reduce((sum, one) => sum + one, 0) / delays.length;
    return {
      what: index === 0 ? name : '',
      value: `${rule.name}: ${count(median(reads))} reads, mean ${count(meanReads, 1)}`,
      against: `delay: median ${count(median(delays), 1)} s, mean ${count(mean, 1)} s, p95 ${count(quantile(delays, 0.95), 1)} s`,
      ...(index === 0 && { note: `goal ${goal}` }),
    };
  });
}
