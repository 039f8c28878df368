import { setTimeout as delay } from 'node:timers/promises';
import type { Call, CallOptions } from '../call.js';
import { HexRateLimitedError } from '../errors/index.js';
import type { ReadPacing } from './pacing.js';

const SHORT_WAIT_MS = 1_000;

/**
 * Sends a read when the pacer has room for it, and tells the pacer what came of it. Waits a second at most: where room
 * comes later, it gives up at once, so that nothing is held up by waiting.
 *
 * @throws HexRateLimitedError with `requestSent: 'no'` and the time until its turn in `retryAfterMs`
 */
export async function pacedRead<T>(
  pacing: ReadPacing,
  call: Call,
  send: () => Promise<T>,
  { signal, background }: CallOptions = {},
): Promise<T> {
  await pacing.ready?.();
  let permit = pacing.reserve(call.name, { background });
  if (!permit.ok && (await pacing.more?.())) permit = pacing.reserve(call.name, { background });
  if (!permit.ok && permit.retryInMs <= SHORT_WAIT_MS) {
    // A timer may fire within the millisecond before its time.
    await delay(permit.retryInMs + 1, undefined, signal ? { signal } : {}).catch(() =>
      signal?.throwIfAborted(),
    );
    permit = pacing.reserve(call.name, { background });
  }
  if (!permit.ok) {
    throw new HexRateLimitedError({
      message: `${call.name} was not sent to ${call.who}: the reads of this connection are used up for now`,
      hint: 'Nothing to do: it is sent when its turn comes. Should it happen often, poll less or run fewer things at once.',
      requestSent: 'no',
      outcome: 'not-done',
      retryAfterMs: permit.retryInMs,
      retryable: true,
    });
  }
  try {
    const answer = await send();
    permit.settle({ limited: false });
    return answer;
  } catch (error) {
    const limited = error instanceof HexRateLimitedError;
    permit.settle({ limited, retryAfterMs: limited ? error.retryAfterMs : null });
    throw error;
  }
}
