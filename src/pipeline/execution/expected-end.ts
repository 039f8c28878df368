import type { Expected } from '../../run/expected-end.js';

/** What is known of a step. */
export interface ForeseenStep {
  id: string;
  dependsOn: readonly string[];
  ended: boolean;
  /** Null where it has not started. */
  startedAtMs: number | null;
  /** By what its run has told, or its items; null where they have told nothing. */
  expectedEnd: Expected | null;
  /** How long it usually takes; null where that is not known. */
  usualMs: Expected | null;
}

/** When a step can begin, and when it ends; null where that is unknown. */
export interface Foreseen {
  ready: Expected | null;
  end: Expected | null;
}

/**
 * When each step ends, by the longest way to it through what is left. What one step takes longer says nothing of the
 * others: their spreads add up as those of independent times do.
 */
export function foreseenOf(steps: readonly ForeseenStep[], nowMs: number): Map<string, Foreseen> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const foreseen = new Map<string, Foreseen>();
  const endOf = (id: string): Expected | null => {
    const known = foreseen.get(id);
    if (known) return known.end;
    const step = byId.get(id);
    const ready = step ? latest(step.dependsOn.map(endOf), nowMs) : null;
    const end = step ? stepEnd(step, ready, nowMs) : null;
    foreseen.set(id, { ready, end });
    return end;
  };
  for (const { id } of steps) endOf(id);
  return foreseen;
}

/** When the last of the steps ends; null where one of them is unknown. */
export function expectedEndOf(foreseen: ReadonlyMap<string, Foreseen>, nowMs: number): Expected | null {
  return latest(
    [...foreseen.values()].map(({ end }) => end),
    nowMs,
  );
}

/** With fewer items the rate says too little. */
const FEWEST_ENDED = 20;
/** Standard deviations below which nine of ten lie. */
const NINE_OF_TEN = 1.28;

/**
 * When a fan-out is expected to end, by how fast its items have ended since it started: a spread as that of exponential
 * times, which is wide for few items. Null where too few have ended.
 */
export function endByRate(startedAtMs: number, ended: number, left: number, nowMs: number): Expected | null {
  if (ended < FEWEST_ENDED || left === 0) return null;
  const leftMs = ((nowMs - startedAtMs) / ended) * left;
  const spread = NINE_OF_TEN * Math.sqrt(1 / ended + 1 / left);
  return [nowMs + leftMs, nowMs + leftMs * (1 + spread)];
}

function stepEnd(step: ForeseenStep, ready: Expected | null, nowMs: number): Expected | null {
  const { ended, startedAtMs, expectedEnd, usualMs } = step;
  if (ended) return [nowMs, nowMs];
  if (expectedEnd) return [Math.max(nowMs, expectedEnd[0]), Math.max(nowMs, expectedEnd[1])];
  if (!usualMs) return null;
  const from: Expected | null = startedAtMs === null ? ready : [startedAtMs, startedAtMs];
  if (!from) return null;
  const p50 = Math.max(nowMs, from[0] + usualMs[0]);
  const spread = Math.hypot(from[1] - from[0], usualMs[1] - usualMs[0]);
  return [p50, Math.max(nowMs, from[0] + usualMs[0] + spread)];
}

function latest(ends: readonly (Expected | null)[], nowMs: number): Expected | null {
  let [p50, p90] = [nowMs, nowMs];
  for (const end of ends) {
    if (!end) return null;
    p50 = Math.max(p50, end[0]);
    p90 = Math.max(p90, end[1]);
  }
  return [p50, p90];
}
