/** Why a request was given up: its time was over, or its caller went away. */
export type StoppedBy = 'TIMEOUT' | 'ABORTED';

export interface TimeLimit {
  signal: AbortSignal;
  stoppedBy(): StoppedBy | null;
  /** The promise, or a rejection when the limit strikes first. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Lets go of the timer and of the caller's signal. */
  release(): void;
}

/** The longest that a timer of Node can hold; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** A signal that aborts after `ms`, or with the caller's own. */
export function timeLimit(ms: number, caller?: AbortSignal): TimeLimit {
  const controller = new AbortController();
  let by: StoppedBy | null = null;
  const stop = (why: StoppedBy) => {
    by ??= why;
    controller.abort();
  };
  const onAbort = () => stop('ABORTED');
  const timer = setTimeout(() => stop('TIMEOUT'), Math.min(ms, LONGEST_MS));
  if (caller?.aborted) onAbort();
  else caller?.addEventListener('abort', onAbort, { once: true });
  const { signal } = controller;
  return {
    signal,
    stoppedBy: () => by,
    race: (promise) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        promise.then(resolve, reject);
      }),
    release: () => {
      clearTimeout(timer);
      caller?.removeEventListener('abort', onAbort);
    },
  };
}
