import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextReadMs } from '../../src/limits/index.js';
import { pollIntervalMs } from '../../src/run/poll-interval.js';

/** List and status reads in the last hour of `hours`, when each project's simultaneous polls are one read. */
function readsPerMinute(runsOfProject: number[], hours: number, ages: (run: number) => number): number {
  const projects = runsOfProject.length;
  const runs = runsOfProject.reduce((a, b) => a + b, 0);
  let reads = 0;
  for (const [project, sameProject] of runsOfProject.entries()) {
    const moments = new Set<number>();
    for (let run = 0; run < sameProject; run++) {
      let now = ages(run);
      while (now < hours * 3_600_000) {
        now += nextReadMs(now, pollIntervalMs(now - ages(run)), `project ${project}`, {
          runs,
          projects,
          sameProject,
        });
        if (now > (hours - 1) * 3_600_000 && now <= hours * 3_600_000) moments.add(now);
      }
    }
    reads += moments.size;
  }
  return reads / 60;
}

describe('the poll interval under load', () => {
  it('a run alone keeps its own interval; one far below its share waits for it', () => {
    expect(nextReadMs(0, 10_000, 'p', { runs: 1 })).toBe(10_000);
    expect(nextReadMs(0, 2_000, 'p', { runs: 25 })).toBe(62_500);
    expect(nextReadMs(0, 2_000, 'p', { runs: 25, projects: 5 })).toBe(12_500);
    expect(nextReadMs(0, 2_000, 'p', { runs: 25 }, { perMinute: 60, perHour: 1_800, headroom: 0.5 })).toBe(
      100_000,
    );
  });

  it('polls of 25 projects fit the budget less its headroom', () => {
    // Whole polls in one hour round up by at most one each.
    expect(readsPerMinute(Array(25).fill(1), 2, () => 0)).toBeLessThanOrEqual(24 + 25 / 60);
  });

  it('25 runs of one project cost no more than one reader, however old each is', () => {
    expect(readsPerMinute([25], 2, (run) => run * 61_000)).toBeLessThanOrEqual(24);
    expect(readsPerMinute([13, 12], 2, (run) => run * 61_000)).toBeLessThanOrEqual(24);
  });

  it('runs of one project meet, and no poll is off by more than half a share', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000_000_000),
        fc.nat(60_000),
        fc.integer({ min: 2, max: 25 }),
        (now, base, projects) => {
          const load = { runs: 25, projects, sameProject: 2 };
          const share = projects * 2_500;
          const wanted = Math.max(base, share);
          const wait = nextReadMs(now, base, 'p', load);
          expect(Math.abs(wait - wanted)).toBeLessThanOrEqual(share / 2);
          // The same moments for a run that asks at another time.
          const other = now + 12_345 + nextReadMs(now + 12_345, base, 'p', load);
          expect((other - (now + wait)) % share).toBe(0);
        },
      ),
    );
  });
});
