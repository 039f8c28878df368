import { SIZES } from '../../base/sizes.js';
import type { StepKind } from './spec.js';

/** How many items a fan-out may have: people are asked by the pipeline itself, and nobody answers thousands. */
export function mostItems(kind: StepKind): number {
  return kind === 'approval' ? SIZES.approvals : SIZES.items;
}

/** What is wrong with a fan-out that has more. */
export function tooManyItems(kind: StepKind, count: number): string {
  const what = kind === 'approval' ? 'a fan-out of approvals' : 'a fan-out';
  return `has ${count} items, and ${what} may have ${mostItems(kind)}: cut the list into parts, each a sub-pipeline`;
}
