import { activityInfo } from '@temporalio/activity';
import { type ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { typedFailure } from '../contract/failure.js';
import { HexError } from '../hex/index.js';
import { variablePrefix } from '../hex/variables.js';

/** `details[0]` of a failure that came from an answer of Hex, or from the lack of one. */
export interface HexFailureDetails {
  hint: string;
  httpStatus: number | null;
  traceId: string | null;
  retryAfterMs: number | null;
  /** Surely nothing was started or changed, and the same request may succeed later. */
  passes: boolean;
  /** The limiter knows of it, and gives no permit until it is time for the next try. */
  heldBack?: true;
}

const DEFAULT_PATIENCE_MS = 600_000;

/** Troubles that pass only when somebody mends them, such as a token in rotation. */
const MENDED_BY_PEOPLE: ReadonlySet<string> = new Set([
  'HexAuth',
  'HexForbidden',
  'HexNotFound',
  'HexUnexpectedAnswer',
]);

/**
 * The failure for a request that changes nothing, or that may be sent twice: passing troubles are retried by Temporal.
 *
 * @param sinceMs since when there is trouble. Default: since the activity was asked for
 */
export function readFailure(
  error: unknown,
  patienceMs = DEFAULT_PATIENCE_MS,
  sinceMs = activityInfo().scheduledTimestampMs,
): ApplicationFailure {
  if (!(error instanceof HexError)) throw error;
  const impatient = Date.now() - sinceMs >= patienceMs;
  return failureOf(
    error,
    error.kind === 'HexInvalidRequest' || (impatient && MENDED_BY_PEOPLE.has(error.kind)),
  );
}

/** The failure for the one request that must not be sent twice. `heldBack`: see {@link HexFailureDetails}. */
export function startFailure(error: HexError, heldBack: boolean): ApplicationFailure {
  if (error.outcome === 'not-done') return failureOf(error, true, heldBack);
  return typedFailure({
    type: 'HexTriggerOutcomeUnknown',
    message: `It is not known whether Hex started the run: ${error.message}`,
    nonRetryable: true,
    details: [failureDetails(error)],
  });
}

function failureOf(error: HexError, nonRetryable: boolean, heldBack = false): ApplicationFailure {
  return typedFailure({
    type: error.kind,
    message: `${error.message}. ${error.hint}`,
    nonRetryable,
    details: [{ ...failureDetails(error), ...(heldBack && { heldBack }) }],
    ...(error.retryAfterMs !== null && { nextRetryDelay: error.retryAfterMs }),
    ...(error.kind === 'HexRateLimited' && { category: ApplicationFailureCategory.BENIGN }),
  });
}

function failureDetails(error: HexError): HexFailureDetails {
  return {
    hint: error.hint,
    httpStatus: error.status,
    traceId: error.traceId,
    retryAfterMs: error.retryAfterMs,
    passes: error.outcome === 'not-done' && error.retryable,
  };
}

/** Of a failure without a word from Hex, which was not asked. */
export function unasked(hint: string): HexFailureDetails {
  return { hint, httpStatus: null, traceId: null, retryAfterMs: null, passes: false };
}

/** The failure for a connection that the worker's environment does not have. */
export function unknownConnection(name: string, known: readonly string[]): ApplicationFailure {
  return typedFailure({
    type: 'InvalidInput',
    message: `connection: there is no connection "${name}" in this worker's environment`,
    nonRetryable: true,
    details: [
      unasked(
        `Known: ${known.map((each) => `"${each}"`).join(', ') || 'none'}. Set ${variablePrefix(name)}API_TOKEN on the worker, or correct "connection".`,
      ),
    ],
  });
}
