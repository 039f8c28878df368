import { type HexError, HexNetworkError } from '../hex/index.js';
import type { LimiterEvent } from '../limits/index.js';
import { whatHexDoes } from './tell-of-trouble.js';

type Penalty = LimiterEvent & { type: 'penalty' };

/** Answers of a gateway that has no Hex behind it. A 500 alone may be the fault of one project. */
const NOBODY_THERE: ReadonlySet<number> = new Set([502, 503, 504]);

/** What a start that failed means for the limits of its connection. */
export function afterRefusal(error: HexError, connection: string, requestId: string): LimiterEvent[] {
  const penalty = penaltyOf(error, connection);
  // Where a run may exist, the permit is kept until that is settled.
  const closed: LimiterEvent[] =
    error.outcome === 'unknown' ? [] : [{ type: 'notStarted', requestId, counted: isCounted(error) }];
  return penalty ? [...closed, penalty] : closed;
}

/** Whether the limiter keeps the next start back, so that its workflow need not wait by itself. */
export function isHeldBack(error: HexError): boolean {
  return error.outcome === 'not-done' && error.retryable && kindOf(error) !== null;
}

function penaltyOf(error: HexError, connection: string): Penalty | null {
  const kind = kindOf(error);
  if (kind === null) return null;
  const untilMs = error.retryAfterMs === null ? null : Date.now() + error.retryAfterMs;
  if (kind === 'rate') return { type: 'penalty', kind, untilMs };
  const words = error instanceof HexNetworkError ? error.code : error.detail;
  const said =
    kind === 'outage' ? `${whatHexDoes(connection, error)}${words ? ` (${words})` : ''}` : error.detail;
  return { type: 'penalty', kind, untilMs, said };
}

function kindOf({ kind, status, outcome, retryable }: HexError): Penalty['kind'] | null {
  switch (kind) {
    case 'HexRateLimited':
      return 'rate';
    case 'HexNoKernel':
      return 'noKernel';
    case 'HexUnavailable':
      return outcome === 'not-done' || NOBODY_THERE.has(status ?? 0) ? 'outage' : null;
    case 'HexNetwork':
      // An answer that was lost says nothing of the next one.
      return outcome === 'not-done' && retryable ? 'outage' : null;
    default:
      return null;
  }
}

/** Hex counts a start that it looks at, even one that it refuses: but not by 429, nor where it can do nothing. */
function isCounted({ requestSent, status }: HexError): boolean {
  return requestSent === 'answered' && status !== null && status < 500 && status !== 429;
}
