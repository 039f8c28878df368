/** The name of each kind of error; also the type of the Temporal failure made of it. */
export type HexErrorKind =
  | 'HexAuth'
  | 'HexForbidden'
  | 'HexNotFound'
  | 'HexInvalidRequest'
  | 'HexRateLimited'
  | 'HexNoKernel'
  | 'HexUnavailable'
  | 'HexNetwork'
  | 'HexUnexpectedAnswer';

/** `no`: the request surely did not leave. `unknown`: it may have arrived. `answered`: an answer came back. */
export type RequestSent = 'no' | 'unknown' | 'answered';

/**
 * What a failed call has changed in Hex.
 *
 * `not-done`: surely nothing. The request was never sent (refused here, connection refused, DNS, TLS); or Hex refused it (4xx,
 * also 429; 503 of a run start in Hex's own JSON; 301, 307, 308); or the call changes nothing (reads, dry runs).
 *
 * `unknown`: it may have been done. Time-out, abort or lost connection after sending; 5xx; 503 that is not Hex's own JSON
 * (a proxy in between); 408 and other redirects; 2xx whose body cannot be read or lacks the run's id.
 */
export type Outcome = 'not-done' | 'unknown';

export interface HexErrorFacts {
  /** One sentence without the full stop: what was asked, what came back, in whose words. */
  message: string;
  hint: string;
  requestSent: RequestSent;
  outcome: Outcome;
  /** HTTP status; null (default) where there was no answer. */
  status?: number | null;
  /** Hex's own words. Default: none. */
  detail?: string;
  traceId?: string | null;
  retryAfterMs?: number | null;
  /** Default false. */
  retryable?: boolean;
}

/** Anything that went wrong between us and Hex. No field holds the token, and there is no `cause` that could. */
export abstract class HexError extends Error {
  /** Which kind of error it is; the name of its class without `Error`. */
  readonly kind: HexErrorKind;
  /** HTTP status, or null where there was no answer. */
  readonly status: number | null;
  /** Hex's own words, at most 1000 characters, empty where it had none; tokens are blotted out. */
  readonly detail: string;
  /** Hex's id of the request, for its support. */
  readonly traceId: string | null;
  /** What to do about it. */
  readonly hint: string;
  /** Whether the request left. */
  readonly requestSent: RequestSent;
  /** Whether the call may have changed something in Hex. */
  readonly outcome: Outcome;
  /** How long Hex asks to wait, in ms, or null where it does not say. */
  readonly retryAfterMs: number | null;
  /** Whether the same request may succeed later without anybody mending anything. For a POST see `outcome` first. */
  readonly retryable: boolean;

  constructor(kind: HexErrorKind, facts: HexErrorFacts) {
    super(facts.message);
    this.name = kind;
    this.kind = kind;
    this.status = facts.status ?? null;
    this.detail = facts.detail ?? '';
    this.traceId = facts.traceId ?? null;
    this.hint = facts.hint;
    this.requestSent = facts.requestSent;
    this.outcome = facts.outcome;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.retryable = facts.retryable ?? false;
  }
}

/** 401, or a token that cannot be read or sent. */
export class HexAuthError extends HexError {
  constructor(facts: HexErrorFacts) {
    super('HexAuth', facts);
  }
}

/** 403. */
export class HexForbiddenError extends HexError {
  constructor(facts: HexErrorFacts) {
    super('HexForbidden', facts);
  }
}

/** 404. */
export class HexNotFoundError extends HexError {
  constructor(facts: HexErrorFacts) {
    super('HexNotFound', facts);
  }
}

/** 400, 422 and any other 4xx; also what is refused here before it is sent (`status` null). */
export class HexInvalidRequestError extends HexError {
  constructor(facts: HexErrorFacts) {
    super('HexInvalidRequest', facts);
  }
}

/** 429. */
export class HexRateLimitedError extends HexError {
  constructor(facts: HexErrorFacts) {
    super('HexRateLimited', facts);
  }
}

/** 503 of a run start, in Hex's own JSON that speaks of no maintenance: all kernels are in use, and no run was created. */
export class HexNoKernelError extends HexError {
  constructor(facts: HexErrorFacts) {
    super('HexNoKernel', facts);
  }
}

/** Any other 5xx, 408 and 425. */
export class HexUnavailableError extends HexError {
  constructor(facts: HexErrorFacts) {
    super('HexUnavailable', facts);
  }
}

/** No answer: refused, reset, not resolved, timed out, aborted. */
export class HexNetworkError extends HexError {
  /** `TIMEOUT`, `ABORTED`, or the system's code such as `ECONNREFUSED`; null where there is none. */
  readonly code: string | null;

  constructor(facts: HexErrorFacts & { code: string | null }) {
    super('HexNetwork', facts);
    this.code = facts.code;
  }
}

/** A redirect, or a success that cannot be read. */
export class HexUnexpectedAnswerError extends HexError {
  constructor(facts: HexErrorFacts) {
    super('HexUnexpectedAnswer', facts);
  }
}
