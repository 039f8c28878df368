import type { CallOptions } from '../call.js';
import type { HexRunInfo, RunPage } from '../types.js';

/** One who waits for the status of a run. */
export interface Waiter {
  runId: string;
  options: CallOptions;
  resolve: (answer: HexRunInfo | Promise<HexRunInfo>) => void;
  reject: (error: unknown) => void;
}

/** One who waits for a list. */
export interface ListWaiter {
  options: CallOptions;
  resolve: (answer: RunPage) => void;
  reject: (error: unknown) => void;
}

/** One call for many: it is given up when all of them are, and takes as long as the most patient of them allows. */
export function callOf(waiters: readonly Pick<Waiter, 'options'>[]): CallOptions {
  const given = new AbortController();
  let left = waiters.length;
  const leave = () => {
    left -= 1;
    if (left === 0) given.abort();
  };
  for (const { options } of waiters) options.signal?.addEventListener('abort', leave, { once: true });
  const patience = waiters.map(({ options }) => options.timeoutMs ?? 0);
  return {
    signal: given.signal,
    ...(patience.every((ms) => ms > 0) && { timeoutMs: Math.max(...patience) }),
    ...(waiters.every(({ options }) => options.background) && { background: true }),
  };
}

/** The promise's outcome, or the signal's reason where that comes first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
