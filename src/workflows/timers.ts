import { CancellationScope, sleep } from '@temporalio/workflow';

/**
 * The three ways in which our workflows wait for a timer: until somebody ends the wait ({@link Nudge},
 * {@link waitForDecision}), until the earliest of several times ({@link alarm}), and beside work that it limits
 * ({@link withTimeLimit}). Each keeps its timer in a scope of its own, so that the timer alone can be cancelled.
 *
 * Promises are thrifty here: the SDK keeps a stack trace of every open one, 1 to 2 KB in each cached workflow. `condition`
 * with a time limit would do for a nudge, but it keeps eleven promises open instead of five: 13 KB more.
 *
 * A timer is a command: one more, one less or another order breaks the replay of recorded histories.
 */

/** A wait that somebody can end, again and again. */
export class Nudge {
  private due = false;
  private wake = (): void => {};

  /** Ends the wait, or else the next one. */
  give(): void {
    this.due = true;
    this.wake();
  }

  /** Over at once where `ms` is not positive. Rejects where the scope that it is called in is cancelled. */
  async wait(ms: number): Promise<void> {
    const clock = new CancellationScope();
    this.wake = () => clock.cancel();
    try {
      if (!this.due && ms > 0) await clock.run(() => sleep(ms));
    } catch (error) {
      if (!this.due || CancellationScope.current().consideredCancelled) throw error;
    }
    this.due = false;
  }
}

/** A wait for somebody's decision. */
export interface Wait<T> {
  /** Resolves with the decision, or with null when the time is up. Rejects when the scope is cancelled. */
  result: Promise<T | null>;
  /** Ends the wait with a decision. */
  resolve: (decision: T) => void;
}

/** Waits for a decision, for at most `limitMs`. */
export function waitForDecision<T>(limitMs: number, summary: string): Wait<T> {
  let resolve: (decision: T) => void = () => {};
  const decided = new Promise<T>((done) => {
    resolve = done;
  });
  const clock = new CancellationScope();
  const over = clock.run(() => sleep(limitMs, { summary })).then(() => null);
  const result = Promise.race([decided, CancellationScope.current().cancelRequested, over]).finally(() =>
    clock.cancel(),
  );
  return { result, resolve };
}

/**
 * Rings at the time it was last set to, or before. A later time leaves a timer that runs as it is: nearly every event
 * puts the next look off, and a new timer each time would be two more events in the history.
 */
export function alarm(ring: () => void): (at: number) => void {
  let current: { at: number; scope: CancellationScope } | null = null;
  return (at) => {
    if (current && current.at <= at) return;
    current?.scope.cancel();
    const own = { at, scope: new CancellationScope() };
    current = own;
    void own.scope
      .run(() => sleep(Math.max(1, at - Date.now())))
      .then(
        () => {
          current = null;
          ring();
        },
        () => undefined, // Replaced by an earlier one.
      );
  };
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
