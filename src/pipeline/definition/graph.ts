import type { Problem } from '../../base/problems.js';
import { didYouMean } from '../../base/suggest.js';

/** A step as far as the order goes. */
export interface Node {
  id: string;
  dependsOn: readonly string[];
}

/** What is wrong with the dependencies: unknown steps, steps that wait for themselves, cycles (written out). */
export function graphProblems(nodes: readonly Node[], path: string): Problem[] {
  const problems: Problem[] = [];
  const ids = new Set(nodes.map(({ id }) => id));
  nodes.forEach(({ id, dependsOn }, index) => {
    const at = `${path}[${index}].dependsOn`;
    for (const [place, wanted] of dependsOn.entries()) {
      if (dependsOn.indexOf(wanted) < place)
        problems.push({ path: at, message: `names "${wanted}" twice: leave one out` });
      else if (wanted === id) problems.push({ path: at, message: 'a step cannot depend on itself' });
      else if (!ids.has(wanted))
        problems.push({ path: at, message: `there is no step "${wanted}"${didYouMean(wanted, ids)}` });
    }
  });
  const cycle = findCycle(nodes);
  if (cycle) {
    const index = nodes.findIndex(({ id }) => id === cycle[0]);
    problems.push({
      path: `${path}[${index}].dependsOn`,
      message: `dependency cycle ${cycle.join(' -> ')}: remove one of these from a dependsOn`,
    });
  }
  return problems;
}

/** Ids in the order of execution, in levels: the steps of a level wait only for earlier levels. The graph is sound. */
export function levelsOf(nodes: readonly Node[]): string[][] {
  const level = new Map<string, number>();
  const levels: string[][] = [];
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const id of depthFirst(nodes, byId)) {
    const depth = 1 + Math.max(-1, ...(byId.get(id)?.dependsOn ?? []).map((one) => level.get(one) ?? 0));
    level.set(id, depth);
  }
  for (const { id } of nodes) {
    const depth = level.get(id) ?? 0;
    while (levels.length <= depth) levels.push([]);
    levels[depth]?.push(id);
  }
  return levels;
}

/** All steps that a step waits for, directly or not. */
export function ancestorsOf(id: string, byId: ReadonlyMap<string, Node>): Set<string> {
  const found = new Set<string>();
  const open = [...(byId.get(id)?.dependsOn ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(byId.get(next)?.dependsOn ?? []));
  }
  return found;
}

/** Every id after those it depends on. Without recursion: a chain may be a thousand steps long. */
function* depthFirst(nodes: readonly Node[], byId: ReadonlyMap<string, Node>): Generator<string> {
  const done = new Set<string>();
  for (const { id: root } of nodes) {
    const open = [root];
    while (open.length > 0) {
      const id = open[open.length - 1] ?? '';
      const missing = done.has(id) ? [] : (byId.get(id)?.dependsOn ?? []).filter((one) => !done.has(one));
      if (missing.length > 0) {
        open.push(...missing);
        continue;
      }
      open.pop();
      if (done.has(id)) continue;
      done.add(id);
      yield id;
    }
  }
}

/** Some cycle as ids, the first again at its end; null when there is none. */
function findCycle(nodes: readonly Node[]): string[] | null {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const finished = new Set<string>();
  for (const { id: root } of nodes) {
    const trail: { id: string; next: number }[] = finished.has(root) ? [] : [{ id: root, next: 0 }];
    const onTrail = new Set(trail.map(({ id }) => id));
    for (let top = trail.at(-1); top; top = trail.at(-1)) {
      const wanted = byId.get(top.id)?.dependsOn[top.next++];
      if (wanted === undefined) {
        finished.add(top.id);
        onTrail.delete(top.id);
        trail.pop();
      } else if (onTrail.has(wanted) && wanted !== top.id) {
        const from = trail.findIndex(({ id }) => id === wanted);
        return [...trail.slice(from).map(({ id }) => id), wanted].reverse();
      } else if (byId.has(wanted) && !finished.has(wanted) && wanted !== top.id) {
        trail.push({ id: wanted, next: 0 });
        onTrail.add(wanted);
      }
    }
  }
  return null;
}
