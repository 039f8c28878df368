import { expect, it } from 'vitest';
import { graphOf } from '../../src/console/graph.js';
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

it('the console draws the edges that the text names, and each goes to the right', () => {
  const levels = [['a', 'x'], ['b', 'c'], ['d'], ['e']];
  const after: Record<string, string[]> = { b: ['a'], c: ['a', 'x'], d: ['b', 'x'], e: ['d'] };
  const steps = levels.flat().map((id) => ({ id, kind: 'hex' as const, dependsOn: after[id] ?? [] }));
  const { nodes, edges } = graphOf(steps);
  expect(edges.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(edgesIn(graph(levels, after)).sort());
  const left = new Map(nodes.map(({ id, x }) => [id, x]));
  for (const { from, to } of edges) expect(left.get(from)).toBeLessThan(left.get(to) ?? 0);
});

/** What the lines say: a step without names waits for the whole level above it. */
function edgesIn(lines: readonly string[]): string[] {
  let before: string[] = [];
  return lines.flatMap((line) => {
    const steps = line
      .slice(5)
      .split(/ {3}(?=·)/)
      .map((text) => /^· (\w+)(?: \(after (.+)\))?$/.exec(text) ?? []);
    const above = before;
    before = steps.map(([, id = '']) => id);
    return steps.flatMap(([, id, names]) => (names?.split(', ') ?? above).map((from) => `${from} ${id}`));
  });
}
