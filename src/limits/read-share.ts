import { DEFAULT_READ_LIMITS, type ReadLimits } from './hex-limits.js';
import { windowsOf } from './windows.js';

/** Reads that all runs of one Hex user may take together. */
export interface ReadBudget extends ReadLimits {
  /** Share left for lists, look-ups and other users of the token. Default 0.2. */
  headroom: number;
}

/** Hex's limits, with a fifth left for others. */
export const DEFAULT_READ_BUDGET: ReadBudget = { ...DEFAULT_READ_LIMITS, headroom: 0.2 };

/** Who shares the budget. */
export interface ReadLoad {
  /** Runs in flight on the connection, this one included. */
  runs: number;
  /** Projects among them: runs of one project are read by one list. Default: as many as runs (nothing is shared). */
  projects?: number;
  /** Runs in flight in this run's project, this one included. Default 1. */
  sameProject?: number;
}

/**
 * Milliseconds from `now` to a run's next read: `baseMs`, or its fair share of the reads where that is longer. With
 * every run at its share, all runs together take the budget less its headroom.
 *
 * Where several runs of a project are in flight, their reads fall on common moments, one share apart, so that one list
 * answers them together and the project takes no more than its share however old its runs are. The interval is then
 * met within half a share. A run alone in its project keeps its interval exactly.
 */
export function nextReadMs(
  now: number,
  baseMs: number,
  projectId: string,
  load: ReadLoad,
  budget: ReadBudget = DEFAULT_READ_BUDGET,
): number {
  // A run alone needs no share: its own interval grows before a minute's reads are used up.
  if (load.runs <= 1) return Math.round(baseMs);
  const share = shareMs(load, budget);
  const interval = Math.max(baseMs, share);
  if ((load.sameProject ?? 1) <= 1) return Math.round(interval);
  // Each project has a phase of its own, so that not all projects are read in the same moment.
  const phase = hashOf(projectId) % share;
  return Math.round((now + interval - phase) / share) * share + phase - now;
}

/** The time in which each reader may read once, in whole ms. */
function shareMs(load: ReadLoad, budget: ReadBudget): number {
  const readers = Math.max(1, Math.min(load.runs, load.projects ?? load.runs));
  const perMinute =
    budget.perHour === null ? budget.perMinute : Math.min(budget.perMinute, budget.perHour / 60);
  return Math.ceil((readers * windowsOf(budget).minute) / (perMinute * (1 - budget.headroom)));
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
