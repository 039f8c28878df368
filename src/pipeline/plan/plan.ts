import { levelsOf } from '../definition/graph.js';
import type { PipelineSpec, StepSpec } from '../definition/spec.js';

/** A valid pipeline in the order of its execution. */
export interface Plan {
  spec: PipelineSpec;
  byId: ReadonlyMap<string, StepSpec>;
  /** Steps of a level wait only for steps of earlier levels, so they may run at the same time. */
  levels: string[][];
  /** Every step after those that it waits for; the order of the definition within a level. */
  order: readonly StepSpec[];
  /** Steps that wait for a step directly. */
  dependents: ReadonlyMap<string, readonly string[]>;
}

/** Puts the steps of a valid pipeline into levels, each after the levels it depends on. */
export function planOf(spec: PipelineSpec): Plan {
  const byId = new Map(spec.steps.map((step) => [step.id, step]));
  const levels = levelsOf(spec.steps);
  const dependents = new Map<string, string[]>(spec.steps.map(({ id }) => [id, []]));
  for (const { id, dependsOn } of spec.steps) {
    for (const wanted of dependsOn) dependents.get(wanted)?.push(id);
  }
  const order = levels.flat().flatMap((id) => byId.get(id) ?? []);
  return { spec, byId, levels, order, dependents };
}

/** A step and all steps that wait for it, directly or not. */
export function withDescendants({ dependents }: Plan, ids: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const open = [...ids];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(dependents.get(next) ?? []));
  }
  return found;
}
