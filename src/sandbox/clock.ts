/** The sandbox's clock: real time multiplied by a factor, and movable by hand. All times are epoch milliseconds. */
export class SandboxClock {
  #factor: number;
  #realOrigin: number;
  #origin: number;
  readonly #real: () => number;

  /**
   * @param factor sandbox seconds per real second; 60 makes a one-minute run last one second.
   * @param real the clock underneath, epoch milliseconds.
   */
  constructor(factor: number, real: () => number = Date.now) {
    this.#real = real;
    this.#factor = factor;
    this.#realOrigin = real();
    this.#origin = this.#realOrigin;
  }

  get factor(): number {
    return this.#factor;
  }

  now(): number {
    return this.#origin + (this.#real() - this.#realOrigin) * this.#factor;
  }

  /** Changes the speed from now on; the time shown does not jump. */
  setFactor(factor: number): void {
    this.advance(0);
    this.#factor = factor;
  }

  /** Moves the clock forward by so many sandbox milliseconds. */
  advance(ms: number): void {
    const now = this.now();
    this.#realOrigin = this.#real();
    this.#origin = now + ms;
  }

  /** How many real milliseconds pass while the sandbox clock advances by `sandboxMs`. */
  toReal(sandboxMs: number): number {
    return sandboxMs / this.#factor;
  }
}

/** ISO 8601 in UTC with milliseconds, the form Hex uses. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
