import { describe, expect, it } from 'vitest';
import { expectedEndOf, type ForeseenStep } from '../../src/pipeline/execution/expected-end.js';

const NOW = 1_000_000;

const step = (id: string, dependsOn: string[], more: Partial<ForeseenStep> = {}): ForeseenStep => ({
  ...{ id, dependsOn, ended: false, startedAtMs: null, expectedEnd: null, usualMs: [1_000, 1_000] },
  ...more,
});

describe('when a pipeline is expected to end', () => {
  it('by the longest way through its steps', () => {
    const steps = [
      step('a', []),
      step('b', ['a'], { usualMs: [5_000, 5_000] }),
      step('c', ['a'], { usualMs: [2_000, 2_000] }),
      step('d', ['b', 'c']),
    ];
    expect(expectedEndOf(steps, NOW)).toEqual([NOW + 7_000, NOW + 7_000]);
  });

  it('by what a run has told where it has begun, and not in the past', () => {
    const told = step('a', [], { startedAtMs: NOW - 9_000, expectedEnd: [NOW + 300, NOW + 900] });
    expect(expectedEndOf([told], NOW)).toEqual([NOW + 300, NOW + 900]);
    const late = step('a', [], { startedAtMs: NOW - 9_000 });
    expect(expectedEndOf([late, step('b', ['a'])], NOW)).toEqual([NOW + 1_000, NOW + 1_000]);
  });

  it('what has ended takes no more time', () => {
    expect(expectedEndOf([step('a', [], { ended: true, usualMs: null }), step('b', ['a'])], NOW)).toEqual([
      NOW + 1_000,
      NOW + 1_000,
    ]);
  });

  it('spreads add up as those of independent times do', () => {
    const steps = [step('a', [], { usualMs: [1_000, 1_300] }), step('b', ['a'], { usualMs: [1_000, 1_400] })];
    expect(expectedEndOf(steps, NOW)).toEqual([NOW + 2_000, NOW + 2_500]);
  });

  it('not at all where one step is unknown', () => {
    expect(expectedEndOf([step('a', []), step('b', ['a'], { usualMs: null })], NOW)).toBeNull();
  });
});
