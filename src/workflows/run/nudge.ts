import { CancellationScope, sleep } from '@temporalio/workflow';

/**
 * Waits that somebody can end. `condition` with a time limit would do, but it keeps eleven promises open instead of five,
 * and the SDK a stack trace of each: 13 KB more in every cached workflow.
 */
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
