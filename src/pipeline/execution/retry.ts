import { own } from '../../base/json.js';
import type { FailureType } from '../../run/failure-types.js';
import type { RetryStatus } from '../definition/definition.js';
import type { RetrySpec, StepKind } from '../definition/spec.js';

/** The ending that a failure of `hexRun` stands for. Others are permanent, or were retried already as far as it helps. */
const ENDINGS: Partial<Record<FailureType, RetryStatus>> = {
  HexRunNoKernel: 'UNABLE_TO_ALLOCATE_KERNEL',
  HexNoKernel: 'UNABLE_TO_ALLOCATE_KERNEL',
  HexRunErrored: 'ERRORED',
  HexRunKilled: 'KILLED',
  HexRunTimedOut: 'TIMED_OUT',
  HexPendingTimedOut: 'TIMED_OUT',
};

/** Failures of steps that run no Hex project that another attempt cannot mend, or would double. */
const PERMANENT: ReadonlySet<string> = new Set<FailureType>([
  'InvalidInput',
  'KeyExists',
  'ApprovalRejected',
  'HexPipelineTooLong',
  'HttpNotAllowed',
  'HttpOutcomeUnknown',
  'HexAuth',
  'HexForbidden',
  'HexNotFound',
  'HexInvalidRequest',
]);

const TIMED_OUT: ReadonlySet<string> = new Set<FailureType>(['StepTimedOut', 'WaitTimedOut']);

/** Kernels free up as other runs end, which takes minutes. */
const NO_KERNEL_DELAY_MS = 300_000;
const DELAY_MS = 30_000;

/** The ending that a retry may be asked for, or null where a retry is of no use. */
export function endingOf(kind: StepKind, type: string, nonRetryable: boolean): RetryStatus | null {
  if (kind === 'hex') return own(ENDINGS, type) ?? null;
  if (kind === 'approval' || PERMANENT.has(type)) return null;
  if (TIMED_OUT.has(type)) return 'TIMED_OUT';
  return kind === 'workflow' && nonRetryable ? null : 'FAILED';
}

/** How long to wait before the next attempt, in ms; null when there is none. `attempts` have been made. */
export function retryDelayMs(retry: RetrySpec, ending: RetryStatus | null, attempts: number): number | null {
  if (ending === null || attempts >= retry.maxAttempts || !retry.on.includes(ending)) return null;
  const first = retry.delayMs ?? (ending === 'UNABLE_TO_ALLOCATE_KERNEL' ? NO_KERNEL_DELAY_MS : DELAY_MS);
  return Math.min(retry.maxDelayMs, first * retry.backoff ** (attempts - 1));
}
