import { CancellationScope, sleep } from '@temporalio/workflow';

/** A wait for somebody's word. */
export interface Wait<T> {
  /** Resolves with the word, or with null when the time is up. Rejects when the scope is cancelled. */
  result: Promise<T | null>;
  /** Gives the word. */
  answer: (word: T) => void;
}

/** Waits for a word, for at most `limitMs`. */
export function waitForWord<T>(limitMs: number, summary: string): Wait<T> {
  let answer: (word: T) => void = () => {};
  const word = new Promise<T>((resolve) => {
    answer = resolve;
  });
  const clock = new CancellationScope();
  const over = clock.run(() => sleep(limitMs, { summary })).then(() => null);
  const result = Promise.race([word, CancellationScope.current().cancelRequested, over]).finally(() =>
    clock.cancel(),
  );
  return { result, answer };
}

/** Runs `work`, and cancels it when it takes longer than `limitMs`; then `onTimeout` gives what is thrown. */
export async function withTimeLimit<T>(
  limitMs: number | null,
  summary: string,
  work: () => Promise<T>,
  onTimeout: () => Error,
): Promise<T> {
  if (limitMs === null) return work();
  const outer = CancellationScope.current();
  const inner = new CancellationScope();
  const clock = new CancellationScope();
  let timedOut = false;
  clock
    .run(() => sleep(limitMs, { summary }))
    .then(() => {
      timedOut = true;
      inner.cancel();
    })
    .catch(() => undefined);
  try {
    return await inner.run(work);
  } catch (error) {
    if (timedOut && !outer.consideredCancelled) throw onTimeout();
    throw error;
  } finally {
    clock.cancel();
  }
}
