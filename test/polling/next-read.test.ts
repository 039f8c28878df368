import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextReadInMs, type Outlook, outlookOf, type Reader } from '../../src/polling/index.js';
import { pollIntervalMs } from '../../src/run/poll-interval.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Log-normal, by quantiles: the same durations whenever it is asked. */
function durations(meanMs: number, cv: number, count: number, shift = 0): number[] {
  const variance = Math.log1p(cv * cv);
  return Array.from({ length: count }, (_, n) => {
    const part = (n + 0.5 + shift) / count;
    return Math.exp(Math.log(meanMs) - variance / 2 + Math.sqrt(variance) * probit(part));
  });
}

/** Quantiles of the standard normal distribution, by bisection of a logistic guess good to a hundredth. */
function probit(part: number): number {
  return 5.5556 * (1 - ((1 - part) / part) ** 0.1186);
}

const known = (outlook: Outlook | null): Outlook => outlook ?? expect.fail('too few are known');
const pastOf = fc.array(fc.integer({ min: 1, max: 50_000_000 }), { minLength: 3, maxLength: 50 });
const ageOf = fc.integer({ min: 0, max: 100_000_000 });

/** Reads until a run of that length has been seen to end, as the workflow makes them. */
function follow(outlook: Outlook, durationMs: number): { reads: number; delayMs: number } {
  let reads = 1;
  let ageMs = SECOND;
  while (ageMs < durationMs) {
    const reader = { outlook, agesMs: [ageMs] };
    ageMs += nextReadInMs(reader, [reader], null);
    reads += 1;
  }
  return { reads, delayMs: ageMs - durationMs };
}

/** The same by the rule for runs without a past. */
function followByAge(durationMs: number): { reads: number; delayMs: number } {
  let reads = 1;
  let ageMs = SECOND;
  for (; ageMs < durationMs; reads++) ageMs += pollIntervalMs(ageMs);
  return { reads, delayMs: ageMs - durationMs };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('when a run is read next', () => {
  it('not before 2 s, and not later than by its guard: a share of its age and 15 s, or 5 min', () => {
    fc.assert(
      fc.property(pastOf, ageOf, (past, ageMs) => {
        const outlook = known(outlookOf(past));
        const reader = { outlook, agesMs: [ageMs] };
        const waitMs = nextReadInMs(reader, [reader], null);
        expect(waitMs).toBeGreaterThanOrEqual(2 * SECOND);
        const early = Math.min(outlook.usualMs / 5 - ageMs, 2 * ageMs + 45 * SECOND);
        const guardMs = Math.max(early, 0.18 * ageMs + 15 * SECOND, 0.28 * ageMs);
        expect(waitMs).toBeLessThanOrEqual(Math.min(300 * SECOND, guardMs) + 1);
      }),
    );
  });

  it('nothing is known of fewer than three earlier runs', () => {
    expect(outlookOf([MINUTE, MINUTE])).toBeNull();
    expect(outlookOf([MINUTE, MINUTE, MINUTE])).not.toBeNull();
  });

  it('close together where an end is likely, far apart before', () => {
    const outlook = known(outlookOf(durations(10 * MINUTE, 0.1, 20)));
    const at = (ageMs: number) => {
      const reader = { outlook, agesMs: [ageMs] };
      return nextReadInMs(reader, [reader], null);
    };
    expect(at(5 * MINUTE)).toBeGreaterThan(45 * SECOND);
    expect(at(10 * MINUTE)).toBeLessThan(10 * SECOND);
  });

  it('several runs of a project, which one list tells of, are read more closely than one', () => {
    const outlook = known(outlookOf(durations(10 * MINUTE, 0.1, 20)));
    const one = { outlook, agesMs: [10 * MINUTE] };
    const four = { outlook, agesMs: Array(4).fill(10 * MINUTE) };
    expect(nextReadInMs(four, [four], null)).toBeLessThan(0.7 * nextReadInMs(one, [one], null));
  });

  it.each([0.25, 0.5, 2, 4])(
    'runs that suddenly take %s times as long are seen to end three times as late at most, with no more reads, as by their age',
    (drift) => {
      const outlook = known(outlookOf(durations(10 * MINUTE, 0.1, 20)));
      const lengths = durations(10 * MINUTE * drift, 0.1, 200, 0.3);
      const [learned, byAge] = [lengths.map((ms) => follow(outlook, ms)), lengths.map(followByAge)];
      const meanOf = (seen: typeof learned, what: 'reads' | 'delayMs') => mean(seen.map((one) => one[what]));
      expect(meanOf(learned, 'delayMs')).toBeLessThanOrEqual(3 * meanOf(byAge, 'delayMs'));
      expect(meanOf(learned, 'reads')).toBeLessThanOrEqual(meanOf(byAge, 'reads'));
    },
  );

  // Reads and mean delay of a simulation in another language with the same formulas (Python, kernels of earlier runs).
  it.each([
    { what: '10 min, cv 0.05', meanMs: 10 * MINUTE, cv: 0.05, reads: 20, delayS: 4.5 },
    { what: '10 min, cv 0.2', meanMs: 10 * MINUTE, cv: 0.2, reads: 26, delayS: 8.4 },
    { what: '10 min, cv 0.5', meanMs: 10 * MINUTE, cv: 0.5, reads: 30, delayS: 11 },
    { what: '1 min, cv 0.3', meanMs: MINUTE, cv: 0.3, reads: 9.5, delayS: 2.9 },
    { what: '1 h, cv 0.3', meanMs: 60 * MINUTE, cv: 0.3, reads: 63, delayS: 23 },
  ])('$what: at most so many reads with at most so much delay', ({ meanMs, cv, reads, delayS }) => {
    const outlook = known(outlookOf(durations(meanMs, cv, 20)));
    const seen = durations(meanMs, cv, 200, 0.3).map((durationMs) => follow(outlook, durationMs));
    expect(mean(seen.map((one) => one.reads))).toBeLessThanOrEqual(reads);
    expect(mean(seen.map((one) => one.delayMs / SECOND))).toBeLessThanOrEqual(delayS);
  });
});

describe('many runs under a budget', () => {
  const MINUTES = 20;

  /** Reads in a time in which runs end and begin all the time. */
  function readsOfAll(projects: number, readsPerMs: number): number {
    const outlook = known(outlookOf(durations(4 * MINUTE, 0.2, 20)));
    const lengths = durations(4 * MINUTE, 0.2, projects);
    const runs = lengths.map((lengthMs, n) => ({ lengthMs, begunAt: 0, nextAt: (n + 1) * SECOND }));
    let reads = 0;
    for (;;) {
      const next = runs.reduce((a, b) => (b.nextAt < a.nextAt ? b : a));
      const now = next.nextAt;
      if (now > MINUTES * MINUTE) return reads;
      reads += 1;
      if (now - next.begunAt >= next.lengthMs) next.begunAt = now;
      const readers = runs.map((run): Reader => ({ outlook, agesMs: [now - run.begunAt] }));
      const own = readers[runs.indexOf(next)] ?? expect.fail();
      next.nextAt = now + nextReadInMs(own, readers, readsPerMs);
    }
  }

  it.each([10, 25, 60])('%i of them together take no more than there is', (projects) => {
    const perMinute = 24;
    expect(readsOfAll(projects, perMinute / MINUTE)).toBeLessThanOrEqual(MINUTES * perMinute * 1.05);
  });

  it('those that are about to end are read more often than those that have just begun', () => {
    const outlook = known(outlookOf(durations(4 * MINUTE, 0.1, 20)));
    const readers = Array.from(
      { length: 25 },
      (_, n): Reader => ({ outlook, agesMs: [n < 20 ? 0 : 4 * MINUTE] }),
    );
    const [young] = readers;
    const old = readers.at(-1);
    const wait = (reader: Reader | undefined) => nextReadInMs(reader ?? expect.fail(), readers, 24 / MINUTE);
    expect(wait(old) * 4).toBeLessThan(wait(young));
  });
});

describe('how long a run still takes', () => {
  it('half of such runs end within the first time, nine of ten within the second, which is never shorter', () => {
    fc.assert(
      fc.property(pastOf, ageOf, (past, ageMs) => {
        const outlook = known(outlookOf(past));
        const [half, most] = [outlook.restMs(ageMs, 0.5), outlook.restMs(ageMs, 0.9)];
        expect(half).toBeGreaterThanOrEqual(0);
        expect(most).toBeGreaterThanOrEqual(half);
      }),
    );
    const outlook = known(outlookOf(durations(10 * MINUTE, 0.1, 50)));
    expect(outlook.restMs(0, 0.5) / MINUTE).toBeCloseTo(10, 0);
    expect(outlook.restMs(8 * MINUTE, 0.5) / MINUTE).toBeCloseTo(2, 0);
  });

  it('the hazard is what survival falls by', () => {
    const outlook = known(outlookOf(durations(10 * MINUTE, 0.3, 30)));
    const untilMs = outlook.restMs(0, 0.5);
    let sum = 0;
    for (let ageMs = 0; ageMs < untilMs; ageMs += 100) {
      const { hazard, wideHazard } = outlook.at(ageMs + 50);
      sum += (hazard + wideHazard) * 100;
    }
    expect(Math.exp(-sum)).toBeCloseTo(0.5, 2);
  });
});
