import { CancellationScope } from '@temporalio/workflow';
import type { Semaphore } from './semaphore.js';

/**
 * Places under `maxParallel` that a slice holds for its items: one at least, those that are free at once, and more as they
 * come. It never waits for several at once, so two steps cannot keep each other from starting.
 */
export class HeldPlaces {
  private readonly semaphore: Semaphore | null;
  private readonly wanted: number | null;
  private readonly waiting = new CancellationScope();
  private held = 0;
  private ended = false;

  /**
   * @param semaphore null where the items take no places
   * @param wanted how many items may run at once; null for all
   */
  constructor(semaphore: Semaphore | null, wanted: number | null) {
    this.semaphore = semaphore;
    this.wanted = wanted;
  }

  /** How many there are by now; null where the items need none, or may all run at once. */
  get places(): number | null {
    return this.semaphore && this.wanted !== null ? this.held : null;
  }

  /** Waits for the first place, and takes the others that are free. */
  async take(): Promise<void> {
    if (!this.semaphore) return;
    await this.semaphore.acquire();
    this.held = 1;
    while (this.held < (this.wanted ?? 1) && !this.semaphore.full) {
      this.semaphore.acquire();
      this.held++;
    }
  }

  /** Takes the others as they become free. */
  more(got: (places: number) => void): void {
    this.waiting.run(() => this.takeMore(got)).catch(() => undefined);
  }

  giveBack(): void {
    this.ended = true;
    this.waiting.cancel();
    for (; this.held > 0; this.held--) this.semaphore?.release();
  }

  private async takeMore(got: (places: number) => void): Promise<void> {
    while (this.semaphore && this.held < (this.wanted ?? 1)) {
      await this.semaphore.acquire();
      // The slice has ended in the same moment.
      if (this.ended) return this.semaphore.release();
      this.held++;
      got(this.held);
    }
  }
}
