import { createReadPacing, type ReadPacing } from '../../src/hex/reads/pacing.js';
import type { ReadLimits } from '../../src/limits/hex-limits.js';

/** Counts requests as Hex may; true: let through. */
export type Budget = (now: number) => boolean;

/** A window that begins with its first request, as Hex's overview page describes. */
export function fixedWindow(limit: number, windowMs = 60_000): Budget {
  let began = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (now) => {
    if (now >= began + windowMs) {
      began = now;
      count = 0;
    }
    count += 1;
    return count <= limit;
  };
}

export function slidingWindow(limit: number, windowMs = 60_000): Budget {
  let log: number[] = [];
  return (now) => {
    log = log.filter((time) => time > now - windowMs);
    if (log.length >= limit) return false;
    log.push(now);
    return true;
  };
}

export interface Tally {
  reads: number;
  limited: number;
  /** Longest time that a caller waited for its turn, ms. */
  longestWait: number;
}

/** Simulated time: workers with pacers of their own read from one budget as fast as they may. */
export function simulateReads(options: {
  budgets: Budget[];
  workers: number;
  minutes: number;
  /** Callers of each worker, each asking again 1 to 2 s after its answer. Default 40. */
  callers?: number;
  /** Time between an answer and the next question of a caller, ms. Default 1 to 2 s. */
  everyMs?: number;
  /** Readers in each worker that give way to all others, and read as fast as they may. Default 0. */
  background?: number;
  /** Reads a minute of somebody else. Default 0. */
  stranger?: number;
  limits?: ReadLimits;
  /** What Hex says with a 429. Default: nothing. */
  retryAfterMs?: number;
  seed?: number;
}): { workers: Tally[]; background: Tally[]; stranger: Tally; pacings: ReadPacing[] } {
  const { budgets, minutes, callers = 40, background = 0, stranger = 0, retryAfterMs = null } = options;
  const random = seeded(options.seed ?? 1);
  let now = 0;
  const queue: { at: number; run: () => void }[] = [];
  const later = (ms: number, run: () => void) => {
    const at = now + ms;
    queue.splice(queue.findLastIndex((next) => next.at <= at) + 1, 0, { at, run });
  };
  const pacings = Array.from({ length: options.workers }, () =>
    createReadPacing({ now: () => now, random, ...(options.limits && { limits: options.limits }) }),
  );
  const tally = (): Tally => ({ reads: 0, limited: 0, longestWait: 0 });
  const workers = pacings.map(tally);
  const behind = pacings.map(tally);
  const other = tally();
  const ask = (to: Tally) => {
    const through = budgets.map((budget) => budget(now)).every(Boolean);
    if (through) to.reads += 1;
    else to.limited += 1;
    return through;
  };

  for (const [index, pacing] of pacings.entries()) {
    for (let caller = 0; caller < callers + background; caller++) {
      const gives = caller >= callers;
      const mine = (gives ? behind : workers)[index] ?? tally();
      const restMs = () =>
        gives ? 0 : options.everyMs === undefined ? 1_000 + random() * 1_000 : options.everyMs;
      const read = (since: number) => {
        const permit = pacing.reserve(`caller ${caller}`, { background: gives });
        // Who was refused comes back with some delay: a new activity has to be started.
        if (!permit.ok) return later(permit.retryInMs + random() * 100, () => read(since));
        mine.longestWait = Math.max(mine.longestWait, now - since);
        later(20 + random() * 600, () => {
          const through = ask(mine);
          later(random() * 200, () => {
            permit.settle({ limited: !through, retryAfterMs });
            later(restMs(), () => read(now));
          });
        });
      };
      later(random() * (options.everyMs ?? 2_000), () => read(now));
    }
  }
  if (stranger > 0) {
    const read = () => {
      ask(other);
      later((60_000 / stranger) * (0.5 + random()), read);
    };
    later(0, read);
  }
  for (let next = queue.shift(); next && next.at <= minutes * 60_000; next = queue.shift()) {
    now = next.at;
    next.run();
  }
  return { workers, background: behind, stranger: other, pacings };
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
