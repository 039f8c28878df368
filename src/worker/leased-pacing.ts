import { setTimeout as delay } from 'node:timers/promises';
import type { ReadPacing, SharedPacing } from '../hex/index.js';
import { FEW, LOOK, MINUTE_MS, type ReadPart, type ReadsTold } from '../limits/index.js';

/** How a worker speaks of its reads with the limiter of a connection. Both reject where it cannot be reached. */
export interface ReadsLink {
  tell(told: Omit<ReadsTold, 'reader'>): Promise<void>;
  /**
   * `atMs`: the time by the limiter's clock, as far as it is known. `used`: what the reads of the last minute are of the
   * limit, for people. Null: the limiter does not know this worker.
   */
  ask(atMs: number, used: number): Promise<ReadPart | null>;
}

/** What {@link LeasedPacing} works with. */
export interface LeasedPacingOptions {
  /** Paces the reads of this worker within its part. */
  pacing: SharedPacing;
  link: ReadsLink;
  /** Of Hex's windows, ms. Default 60,000. */
  minuteMs?: number | undefined;
  /** Milliseconds; default Date.now. */
  now?: () => number;
}

/** A read waits so long for an answer of the limiter at most. */
const PATIENCE_MS = 1_000;
/** In minutes: a claim is made again after so long where others are in the way that may be gone, or that got no answer. */
const CLAIM_AGAIN = { granted: 2, unanswered: 1 / 6 } as const;

/**
 * Keeps to this worker's part of the reads of a connection, as the limiter gives it. There are no timers: it looks (by a
 * query, which costs nothing in a history) while it reads, and tells of itself (by a signal) only when it comes, needs more
 * than a few, is asked, or stops. Where the limiter does not answer, it goes on with a few.
 */
export class LeasedPacing implements ReadPacing {
  readonly #pacing: SharedPacing;
  readonly #link: ReadsLink;
  readonly #now: () => number;
  readonly #minute: number;
  #part: ReadPart | null = null;
  /** When the last look that was answered began, and when `toldAt` was first seen in an answer. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #seenAt = 0;
  #claimedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  #claiming: Promise<void> | null = null;

  constructor({ pacing, link, minuteMs = MINUTE_MS, now = Date.now }: LeasedPacingOptions) {
    this.#pacing = pacing;
    this.#link = link;
    this.#minute = minuteMs;
    this.#now = now;
    this.#keep();
  }

  async ready(): Promise<void> {
    const agoMs = this.#now() - this.#lookedAt;
    if (agoMs < LOOK.every * this.#minute) return;
    const looked = this.#look();
    if (agoMs >= LOOK.holds * this.#minute) await soon(looked);
  }

  reserve(key: string, options?: { background?: boolean | undefined }) {
    this.#keep();
    return this.#pacing.reserve(key, options);
  }

  state() {
    return this.#pacing.state();
  }

  async more(): Promise<boolean> {
    if (this.#pacing.state().stoppedForMs > 0) return false;
    const before = this.#mine();
    if (this.#mayClaim()) this.#claim();
    if (this.#claiming) await soon(this.#claiming);
    return this.#mine() > before;
  }

  /** Gives its part back. */
  async leave(): Promise<void> {
    await this.#link.tell({ used: this.#pacing.used(), keeps: 0, leaves: true });
  }

  /** Its part, where a look still holds. */
  #mine(): number {
    const holds = this.#now() < this.#lookedAt + LOOK.holds * this.#minute;
    return holds && this.#part ? this.#part.part : FEW;
  }

  #keep(): void {
    this.#pacing.share(this.#mine());
  }

  /** Not where it has all that there is: of those in its way some may be gone, but not from one minute to the next. */
  #mayClaim(): boolean {
    const agoMs = this.#now() - this.#claimedAt;
    if (!this.#part?.claimed) return agoMs >= CLAIM_AGAIN.unanswered * this.#minute;
    return this.#part.equal < 1 && agoMs >= CLAIM_AGAIN.granted * this.#minute;
  }

  #claim(): void {
    this.#claimedAt = this.#now();
    this.#claiming ??= this.#tell(true)
      .catch(() => undefined)
      .finally(() => {
        this.#claiming = null;
      });
  }

  #look(): Promise<void> {
    this.#looking ??= this.#ask()
      .then(async (part) => {
        if (!part) return this.#tell(false);
        if (part.asked) await this.#tell(part.claimed && this.#pacing.used() > FEW);
      })
      // It goes by the last look for a while, and then with a few.
      .catch(() => undefined)
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  /** Tells of itself, and asks what follows from it. */
  async #tell(claims: boolean): Promise<void> {
    if (!claims && this.#part) this.#part = { ...this.#part, part: Math.min(this.#part.part, FEW) };
    const keeps = this.#part ? this.#mine() : 0;
    await this.#link.tell({ used: this.#pacing.used(), keeps, ...(claims && { claims }) });
    await this.#ask();
  }

  async #ask(): Promise<ReadPart | null> {
    const at = this.#now();
    // By what has passed since an answer had that time of the limiter's: no clock has to be right.
    const atMs = this.#part ? this.#part.toldAt + at - this.#seenAt : 0;
    const part = await this.#link.ask(atMs, this.#pacing.used());
    // Of two that were under way together, the one that was asked later counts.
    if (at < this.#lookedAt) return part;
    if (part && part.toldAt !== this.#part?.toldAt) this.#seenAt = this.#now();
    if (part) this.#lookedAt = at;
    this.#part = part;
    this.#keep();
    return part;
  }
}

/** Waits for it, but not for long. */
async function soon(done: Promise<void>): Promise<void> {
  await Promise.race([done, delay(PATIENCE_MS, undefined, { ref: false })]);
}
