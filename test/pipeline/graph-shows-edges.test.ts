import { expect, it } from 'vitest';
import { graphLines } from '../../src/pipeline/execution/render-progress.js';
import type { StepProgress } from '../../src/pipeline/execution/result.js';

it('of a diamond with a step beside it, the graph says what each step waits for', () => {
  const lines = graph([['a'], ['b', 'c'], ['d', 'e']], { b: ['a'], c: ['a'], d: ['b', 'c'], e: ['c'] });
  expect(lines).toEqual(['  1  · a', '  2  · b   · c', '  3  · d   · e (after c)']);
});

it('a step that waits for an earlier level than the one before says so, and many names are cut', () => {
  const many = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'];
  const lines = graph([['a', ...many], ['b'], ['c', 'd']], { b: ['a'], c: ['a', 'b'], d: [...many, 'b'] });
  expect(lines[1]).toBe('  2  · b (after a)');
  expect(lines[2]).toBe('  3  · c (after a, b)   · d (after m1, m2, m3, m4 and 3 more)');
});

function graph(levels: string[][], edges: Record<string, string[]>): string[] {
  const steps = levels.flat().map((id) => ({ id, status: 'waiting', dependsOn: edges[id] ?? [] }));
  return graphLines({ levels, steps: steps as StepProgress[] });
}
