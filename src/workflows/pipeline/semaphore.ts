import { CancellationScope } from '@temporalio/workflow';

/** Places for children: at most `limit` at once, first come first served, none while paused. */
export class Semaphore {
  private free: number;
  private paused = false;
  private readonly line: (() => void)[] = [];

  constructor(limit: number | null) {
    this.free = limit ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the next one to ask has to wait. */
  get full(): boolean {
    return this.paused || this.free <= 0 || this.line.length > 0;
  }

  /** Takes a place; a promise only where it has to wait, which is rejected when the scope is cancelled meanwhile. */
  acquire(): Promise<void> | undefined {
    if (this.full) return this.turn();
    this.free--;
    return undefined;
  }

  /** Gives a place back. */
  release(): void {
    this.free++;
    this.serve();
  }

  pause(paused: boolean): void {
    this.paused = paused;
    this.serve();
  }

  private async turn(): Promise<void> {
    let call = () => {};
    const called = new Promise<void>((resolve) => {
      call = resolve;
    });
    this.line.push(call);
    try {
      await Promise.race([called, CancellationScope.current().cancelRequested]);
    } catch (error) {
      const place = this.line.indexOf(call);
      if (place >= 0) this.line.splice(place, 1);
      // Called and cancelled in the same moment.
      else this.release();
      throw error;
    }
  }

  private serve(): void {
    while (!this.paused && this.free > 0) {
      const next = this.line.shift();
      if (!next) return;
      this.free--;
      next();
    }
  }
}
