import { median } from '../../base/median.js';
import { quantile } from '../../base/quantile.js';
import { HEX_LIMITS } from '../../limits/hex-limits.js';
import { nextReadInMs, type Outlook, outlookOf } from '../../polling/index.js';
import type { Expected } from '../../run/expected-end.js';
import type { RunSpec } from '../../run/input.js';
import { untilNextReadMs } from '../../run/poll-interval.js';
import { expectedEndOf, foreseenOf } from '../execution/expected-end.js';

/** How long a run is assumed to take where no earlier one of its project is known. */
export const ASSUMED_RUN_MS = 600_000;

/** How long earlier runs of projects took in Hex, in ms, by the ids of the projects. */
export type EarlierRuns = ReadonlyMap<string, readonly number[]>;

/** How long a run of a step usually takes in Hex. */
export interface UsualRun {
  /** Half of them take at most so long, in ms. */
  p50Ms: number;
  /** Nine of ten take at most so long, in ms. */
  p90Ms: number;
  /** How many earlier runs say so. */
  runs: number;
}

/** What a pipeline would take if every step succeeded at once and nothing waited: in Hex's line, for people, for events. */
export interface PlanEstimate {
  /** From its start to its end, in ms: half of such executions would have ended by then. */
  p50Ms: number;
  /** The same for nine of ten. */
  p90Ms: number;
  /** For how long its runs would hold kernels in all, in ms. */
  kernelMs: number;
  /** Steps with runs of Hex of whose projects no earlier run is known: each is assumed to take 10 minutes. */
  assumed: string[];
}

/** What an estimate has to know of a step. */
export interface EstimatedStep {
  id: string;
  kind: string;
  dependsOn: readonly string[];
  /** How many runs; null where an earlier step decides, which counts as one. */
  times: number | null;
  /** At most so many of them at once; null for all. */
  window: number | null;
  usual: UsualRun | null;
}

/** How long runs of these projects usually take; null where one of them has no known past, or none is named. */
export function usualRun(projects: readonly string[], earlier: EarlierRuns): UsualRun | null {
  const known = projects.map((id) => earlier.get(id) ?? []);
  if (known.length === 0 || known.some((runs) => runs.length === 0)) return null;
  const all = known.flat().sort((a, b) => a - b);
  return { p50Ms: quantile(all, 0.5), p90Ms: quantile(all, 0.9), runs: all.length };
}

const NO_TIME: Expected = [0, 0];

/** What all of the steps take. */
export function estimateOf(steps: readonly EstimatedStep[], maxParallel: number | null): PlanEstimate {
  const hexSteps = steps.filter(({ kind }) => kind === 'hex');
  const all = steps.map((step) => ({
    id: step.id,
    dependsOn: step.dependsOn,
    ended: false,
    startedAtMs: null,
    expectedEnd: null,
    usualMs: step.kind === 'hex' ? stepMs(step, maxParallel) : NO_TIME,
  }));
  const [p50Ms, p90Ms] = expectedEndOf(foreseenOf(all, 0), 0) ?? [0, 0];
  return {
    p50Ms: Math.round(p50Ms),
    p90Ms: Math.round(p90Ms),
    kernelMs: Math.round(
      hexSteps.reduce((sum, { times, usual }) => sum + (times ?? 1) * (usual?.p50Ms ?? ASSUMED_RUN_MS), 0),
    ),
    assumed: hexSteps.filter(({ usual }) => !usual).map(({ id }) => id),
  };
}

/** How long a step takes: a fan-out goes in rounds, as many at once as it may. */
function stepMs({ times, window, usual }: EstimatedStep, maxParallel: number | null): Expected {
  const all = Math.max(1, times ?? 1);
  const atOnce = Math.min(all, window ?? all, maxParallel ?? all, HEX_LIMITS.kernels);
  const rounds = Math.ceil(all / atOnce);
  const { p50Ms, p90Ms } = usual ?? { p50Ms: ASSUMED_RUN_MS, p90Ms: ASSUMED_RUN_MS };
  // What one round takes longer says nothing of the others.
  return [rounds * p50Ms, rounds * p50Ms + Math.sqrt(rounds) * (p90Ms - p50Ms)];
}

/** How many reads a run takes that is as long as earlier ones usually were, or as is assumed. */
export function readsOfRun(poll: RunSpec['poll'], projects: readonly string[], earlier: EarlierRuns): number {
  const known = projects.flatMap((id) => earlier.get(id) ?? []);
  const outlook = poll.learnedMaxMs === undefined ? null : outlookOf(known);
  const endMs = median(known) ?? ASSUMED_RUN_MS;
  const start = { projectId: '', triggeredAtMs: 0 };
  let reads = 1;
  for (let ageMs = 0; ageMs < endMs; reads++) {
    const hint = outlook ? { nextMs: nextReadOf(outlook, ageMs) } : undefined;
    ageMs += Math.max(1, untilNextReadMs(poll, start, ageMs, { share: null, hint }));
  }
  return reads;
}

function nextReadOf(outlook: Outlook, ageMs: number): number {
  const reader = { outlook, agesMs: [ageMs] };
  return nextReadInMs(reader, [reader], null);
}
