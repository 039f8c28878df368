import { ApplicationFailure } from '@temporalio/common';
import type { FailureType } from '../run/failure-types.js';

type Options = Parameters<typeof ApplicationFailure.create>[0];

/** Makes a failure of ours. Nothing else does, so that docs/failures.md knows every type. */
export function typedFailure(options: Options & { type: FailureType }): ApplicationFailure {
  return ApplicationFailure.create(options);
}

/** Whether a failure, or what is left of one in a history or a step, is of one of these types. */
export function isOfType(
  failure: { type?: string | null | undefined } | null | undefined,
  ...types: readonly FailureType[]
): boolean {
  return types.some((type) => type === failure?.type);
}
