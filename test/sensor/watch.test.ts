import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  newWatch,
  nextRead,
  PAGE,
  type ProjectWatch,
  type SeenRun,
  withPage,
  withRun,
} from '../../src/pipeline/sensor/watch.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const BEGAN_MS = Date.parse('2026-11-01T00:00:00Z');

interface Run {
  runId: string;
  createdMs: number;
  endMs: number;
  /** So much later a list shows its end. */
  lateMs: number;
}

/** A project in Hex, and one who watches it, read by read. */
class World {
  now = BEGAN_MS;
  readonly runs: Run[] = [];
  readonly found: { runId: string; endMs: number }[] = [];
  reads = 0;
  largest = 0;
  watch: ProjectWatch;

  constructor(sinceMs = BEGAN_MS) {
    this.watch = newWatch('project', sinceMs);
  }

  create(durationMs: number, { lateMs = 0, createdMs = this.now } = {}): void {
    const runId = `${this.runs.length}`.padStart(8, '0');
    this.runs.push({ runId, createdMs, endMs: createdMs + durationMs, lateMs });
  }

  /** One read; true where the round goes on. */
  read(): boolean {
    this.reads += 1;
    const next = nextRead(this.watch);
    const step =
      'runId' in next
        ? withRun(
            this.watch,
            next.runId,
            this.seen(
              this.runs.find(({ runId }) => runId === next.runId),
              0,
            ),
          )
        : withPage(this.watch, next.offset, this.page(next.offset));
    // What a workflow carries along is JSON.
    this.watch = JSON.parse(JSON.stringify(step.watch));
    this.largest = Math.max(this.largest, JSON.stringify(step.watch).length);
    this.found.push(...step.endings.map(({ runId, endTime }) => ({ runId, endMs: Date.parse(endTime) })));
    return step.more;
  }

  round(readMs = 0): void {
    for (let reads = 0; this.read(); reads += 1) {
      this.now += readMs;
      if (reads > 2_000) throw new Error('A round does not end');
    }
  }

  /** Everything has ended, and lists show it. */
  atRest(): void {
    this.now = Math.max(this.now, ...this.runs.map(({ endMs, lateMs }) => endMs + lateMs)) + MINUTE_MS;
    // Runs that newer ones hide are read a few a round.
    for (let rounds = 0; rounds < 2 || this.watch.open.length > 0; rounds += 1) {
      this.round();
      this.now += MINUTE_MS;
      if (rounds > 1_000) throw new Error('Runs stay open');
    }
  }

  /** Ids of all that has ended since then, in the order of their ends. */
  ended(sinceMs = BEGAN_MS): string[] {
    return this.runs
      .filter(({ endMs }) => endMs > sinceMs)
      .sort((a, b) => a.endMs - b.endMs || (a.runId < b.runId ? -1 : 1))
      .map(({ runId }) => runId);
  }

  page(offset: number) {
    const newestFirst = [...this.runs].reverse();
    const runs = newestFirst.slice(offset, offset + PAGE).flatMap((run) => this.seen(run, run.lateMs) ?? []);
    return { runs, hasMore: newestFirst.length > offset + PAGE, atMs: Math.floor(this.now / 1_000) * 1_000 };
  }

  private seen(run: Run | undefined, lateMs: number): SeenRun | null {
    if (!run) return null;
    const { runId, createdMs, endMs } = run;
    if (endMs + lateMs > this.now) return { runId, startMs: createdMs, ending: null };
    const facts = {
      projectId: 'project',
      runUrl: null,
      trigger: null,
      projectVersion: null,
      startTime: null,
    };
    const endTime = new Date(endMs).toISOString();
    return { runId, startMs: createdMs, ending: { ...facts, runId, status: 'COMPLETED', endTime } };
  }
}

const idsOf = (world: World) => world.found.map(({ runId }) => runId);

/** How much out of order the endings came, in ms. */
function disorder({ found }: World): number {
  let latest = 0;
  let worst = 0;
  for (const { endMs } of found) {
    worst = Math.max(worst, latest - endMs);
    latest = Math.max(latest, endMs);
  }
  return worst;
}

const minutes = (most: number) => fc.integer({ min: 0, max: most * MINUTE_MS });

/** Runs that begin together, and what is done until the next ones do. */
const burst = (longestMinutes: number, latestMs: number) =>
  fc.record({
    durations: fc.array(minutes(longestMinutes), { maxLength: 140 }),
    lateMs: fc.integer({ min: 0, max: latestMs }),
    pauseMs: minutes(10),
    reads: fc.integer({ min: 0, max: 6 }),
    readMs: fc.integer({ min: 0, max: 20_000 }),
  });

function play(
  world: World,
  bursts: readonly { durations: number[]; lateMs: number; pauseMs: number; reads: number; readMs: number }[],
): void {
  for (const { durations, lateMs, pauseMs, reads, readMs } of bursts) {
    for (const duration of durations) {
      world.create(duration, { lateMs });
      world.now += 1;
    }
    for (let read = 0; read < reads; read += 1) {
      world.read();
      world.now += readMs;
    }
    world.now += pauseMs;
  }
}

describe('the watch of a project', () => {
  it('gives every ending once, however runs begin, end and are shown between its reads', () => {
    fc.assert(
      fc.property(fc.array(burst(300, 50_000), { minLength: 1, maxLength: 12 }), (bursts) => {
        const world = new World();
        play(world, bursts);
        world.atRest();
        expect(idsOf(world).sort()).toEqual(world.ended().sort());
      }),
      { numRuns: 80, endOnFailure: true },
    );
  });

  it('gives them in the order in which the runs ended, where lists show the ends at once', () => {
    fc.assert(
      fc.property(
        // Of the runs that newer ones hide, five are looked at a round: fewer are open here.
        fc.array(burst(0, 0), { minLength: 1, maxLength: 8 }),
        fc.array(minutes(120), { maxLength: 4 }),
        fc.array(minutes(120), { maxLength: 4 }),
        (bursts, first, second) => {
          const world = new World();
          world.round();
          for (const duration of first) world.create(duration);
          play(world, bursts);
          world.round();
          for (const duration of second.slice(0, 4 - world.watch.open.length)) world.create(duration);
          play(world, bursts);
          world.atRest();
          expect(idsOf(world)).toHaveLength(world.ended().length);
          // Hex's clock comes in whole seconds.
          expect(disorder(world)).toBeLessThanOrEqual(1_000);
        },
      ),
      { numRuns: 80, endOnFailure: true },
    );
  });

  it('gives none from before it began, but those of runs that were going on', () => {
    const world = new World();
    for (let n = 0; n < 250; n += 1) {
      world.create(n === 100 ? 8 * HOUR_MS : MINUTE_MS, { createdMs: BEGAN_MS - (300 - n) * MINUTE_MS });
    }
    world.round();
    expect(world.found).toEqual([]);
    world.atRest();
    expect(idsOf(world)).toEqual(['00000100']);
  });

  it('catches up with ten thousand, oldest first, with few more reads than they fill pages, and remembers little', () => {
    const world = new World(BEGAN_MS - 20_000 * MINUTE_MS);
    for (let n = 0; n < 10_000; n += 1) {
      world.create((n % 7) * MINUTE_MS, { createdMs: BEGAN_MS - (10_010 - n) * MINUTE_MS });
    }
    world.round(10_000);
    expect(idsOf(world)).toEqual(world.ended(world.watch.sinceMs));
    expect(world.reads).toBeLessThan(10_000 / (PAGE - 10) + 20);
    expect(world.largest).toBeLessThan(48_000);
  });

  it('also when new runs push the others on while it reads', () => {
    const world = new World(BEGAN_MS - 20_000 * MINUTE_MS);
    for (let n = 0; n < 1_000; n += 1) {
      world.create(MINUTE_MS, { createdMs: BEGAN_MS - (1_010 - n) * MINUTE_MS });
    }
    for (let reads = 0; world.read(); reads += 1) {
      for (let n = 0; n < ([0, 30, 5, 12][reads % 4] ?? 0); n += 1) world.create(1);
      world.now += 10_000;
    }
    world.atRest();
    expect(idsOf(world)).toEqual(world.ended(world.watch.sinceMs));
  });

  it('finds its place by a few reads after an outage, also where much was done just before it', () => {
    const world = new World();
    for (let n = 0; n < 5_000; n += 1) {
      world.create(1, { createdMs: BEGAN_MS - (5_000 - n) * 30_000 });
    }
    world.round();
    world.reads = 0;
    for (let n = 0; n < 500; n += 1) {
      world.now += 30_000;
      world.create(1);
    }
    world.now += MINUTE_MS;
    world.round();
    expect(idsOf(world)).toEqual(world.ended());
    expect(world.reads).toBeLessThan(20);
  });

  it('gives the end of a run that more than a page of newer ones hide', () => {
    const world = new World();
    world.create(3 * HOUR_MS);
    world.round();
    for (let n = 0; n < 150; n += 1) world.create(1);
    world.now += MINUTE_MS;
    world.round();
    expect(world.found).toHaveLength(150);
    world.now += 4 * HOUR_MS;
    world.round();
    expect(idsOf(world).at(-1)).toBe('00000000');
  });

  it('gives an ending once, too, when a list that is older comes after a newer one', () => {
    const world = new World();
    world.create(MINUTE_MS);
    world.round();
    const before = world.page(0);
    world.now += 3 * MINUTE_MS;
    world.round();
    expect(idsOf(world)).toEqual(['00000000']);
    world.watch = withPage(world.watch, 0, before).watch;
    world.now += 3 * MINUTE_MS;
    world.round();
    expect(idsOf(world)).toEqual(['00000000']);
  });

  it('keeps the order where a hidden run is read later than the newest page', () => {
    const world = new World();
    world.create(HOUR_MS);
    world.round();
    for (let n = 0; n < 150; n += 1) world.create(1);
    world.now += MINUTE_MS;
    world.round();
    world.now = BEGAN_MS + HOUR_MS - 8_000;
    world.create(5_000);
    expect(world.read()).toBe(true);
    world.now += 10_000;
    // The hidden one has ended by now, and so has one before it that the page showed as going on.
    expect(world.read()).toBe(false);
    world.now += MINUTE_MS;
    world.round();
    expect(idsOf(world).slice(-2)).toEqual(['00000151', '00000000']);
  });

  it('forgets a run that Hex does not know any more', () => {
    const world = new World();
    world.create(3 * HOUR_MS);
    world.round();
    for (let n = 0; n < 150; n += 1) world.create(1);
    world.runs.shift();
    world.now += MINUTE_MS;
    world.round();
    expect(world.watch.open).toEqual([]);
  });
});
