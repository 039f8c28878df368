import { describe, expect, it } from 'vitest';
import {
  endByRate,
  expectedEndOf,
  type ForeseenStep,
  foreseenOf,
} from '../../src/pipeline/execution/expected-end.js';

const NOW = 1_000_000;

const step = (id: string, dependsOn: string[], more: Partial<ForeseenStep> = {}): ForeseenStep => ({
  ...{ id, dependsOn, ended: false, startedAtMs: null, expectedEnd: null, usualMs: [1_000, 1_000] },
  ...more,
});

const endOf = (steps: ForeseenStep[], nowMs: number) => expectedEndOf(foreseenOf(steps, nowMs), nowMs);

describe('when a pipeline is expected to end', () => {
  it('by the longest way through its steps', () => {
    const steps = [
      step('a', []),
      step('b', ['a'], { usualMs: [5_000, 5_000] }),
      step('c', ['a'], { usualMs: [2_000, 2_000] }),
      step('d', ['b', 'c']),
    ];
    expect(endOf(steps, NOW)).toEqual([NOW + 7_000, NOW + 7_000]);
  });

  it('by what a run has told where it has begun, and not in the past', () => {
    const told = step('a', [], { startedAtMs: NOW - 9_000, expectedEnd: [NOW + 300, NOW + 900] });
    expect(endOf([told], NOW)).toEqual([NOW + 300, NOW + 900]);
    const late = step('a', [], { startedAtMs: NOW - 9_000 });
    expect(endOf([late, step('b', ['a'])], NOW)).toEqual([NOW + 1_000, NOW + 1_000]);
  });

  it('what has ended takes no more time', () => {
    expect(endOf([step('a', [], { ended: true, usualMs: null }), step('b', ['a'])], NOW)).toEqual([
      NOW + 1_000,
      NOW + 1_000,
    ]);
  });

  it('spreads add up as those of independent times do', () => {
    const steps = [step('a', [], { usualMs: [1_000, 1_300] }), step('b', ['a'], { usualMs: [1_000, 1_400] })];
    expect(endOf(steps, NOW)).toEqual([NOW + 2_000, NOW + 2_500]);
  });

  it('a step begins when the last one before it has ended', () => {
    const running = step('a', [], { startedAtMs: NOW - 400, expectedEnd: [NOW + 600, NOW + 900] });
    const steps = [
      running,
      step('b', [], { usualMs: [2_000, 2_000] }),
      step('c', ['a']),
      step('d', ['a', 'b']),
    ];
    const foreseen = foreseenOf([...steps, step('e', ['x'])], NOW);
    expect(foreseen.get('c')).toEqual({ ready: [NOW + 600, NOW + 900], end: [NOW + 1_600, NOW + 1_900] });
    expect(foreseen.get('d')?.ready).toEqual([NOW + 2_000, NOW + 2_000]);
    expect(foreseen.get('e')).toEqual({ ready: null, end: null });
  });

  it('not at all where one step is unknown', () => {
    expect(endOf([step('a', []), step('b', ['a'], { usualMs: null })], NOW)).toBeNull();
  });
});

describe('when a fan-out is expected to end', () => {
  it('by how fast its items have ended, the surer the more of them have', () => {
    const [p50, p90] = endByRate(NOW - 60_000, 100, 900, NOW) ?? [0, 0];
    expect(p50).toBe(NOW + 540_000);
    expect(p90).toBeGreaterThan(p50);
    const later = endByRate(NOW - 300_000, 500, 500, NOW) ?? [0, 0];
    expect((later[1] - NOW) / (later[0] - NOW)).toBeLessThan((p90 - NOW) / (p50 - NOW));
  });

  it('not by a few of them, and not of one that has ended', () => {
    expect(endByRate(NOW - 60_000, 19, 900, NOW)).toBeNull();
    expect(endByRate(NOW - 60_000, 900, 0, NOW)).toBeNull();
  });
});
