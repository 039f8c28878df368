import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { MOST_AHEAD } from '../contract/ask-ahead.js';
import type { LimiterEvent } from '../limits/index.js';

/** A request for a permit, as the limiter is told of it. */
export type PermitRequest = LimiterEvent & { type: 'acquire' };

/** The same for a run that has not begun. */
export type PermitAhead = Omit<PermitRequest, 'requestId' | 'ahead'>;
/** And for one that may begin once another has succeeded. */
export type NextPermit = PermitAhead & { connection: string };

/** How a limiter is asked, and where it answers. */
export interface Asking {
  send(connection: string, events: LimiterEvent[], withinMs?: number): Promise<void>;
  /** Its answers by now, by the words under which they were asked for. */
  answers(connection: string): Promise<Readonly<Record<string, boolean>>>;
}

/** In the ids of requests, after the id of the workflow. */
const AHEAD = '#ahead-';
const NOTHING: Readonly<Record<string, boolean>> = {};
/** So long somebody waits for an answer, in a workflow task; it takes a few ms where the line is empty. */
const ANSWER_MS = 250;
/** The first look comes so much later; for a run that is only just being created later still, since each look costs. */
const FIRST_LOOK_MS = { asked: 6, ahead: 15 };
/** And each further one by so much later than the one before. */
const LOOK_MS = 3;
/** Tasks that wait keep others from being worked on. */
const MOST_WAITING = 8;
/** Where there is a line, or the limiter is busy, permits come by signal for so long; for longer, the longer that lasts. */
const PAUSE_MS = { first: 1_000, longest: 16_000 } as const;
/**
 * So long who asks meanwhile may wait for others to ask with it. Each signal may come while the limiter continues as new,
 * which it then has to do once more: with 4,000 in line, and a signal every 20 ms, that took it 5 s each time.
 */
const TOGETHER_MS = 200;
/** What was asked for ahead is of use for so long; the limiter looks after it a little later. */
const AHEAD_MS = 5_000;

/** So many steps have what follows them kept; of the oldest beyond, the permits are asked for when they begin. */
const MOST_FORETOLD = 1_000;

/** A permit that was asked for ahead, and whether it is there. */
interface Ahead {
  requestId: string;
  given: Promise<boolean | null>;
  until: number;
}

/** Permits of one connection that are there at once, because nobody is in line. */
class QuickLine {
  /** The last answer was a permit. A limiter of an earlier version gives none, and would keep what is asked for ahead. */
  quick = false;
  private pausedUntil = 0;
  private pauseMs: number = PAUSE_MS.first;
  private waiting = 0;
  private looking: Promise<Readonly<Record<string, boolean>>> | null = null;
  private readonly asking: Asking;
  private readonly connection: string;

  constructor(asking: Asking, connection: string) {
    this.asking = asking;
    this.connection = connection;
  }

  get open(): boolean {
    return this.waiting < MOST_WAITING && !this.paused;
  }

  /** There is a line, or the limiter is busy. */
  get paused(): boolean {
    return Date.now() < this.pausedUntil;
  }

  /** True: there is the permit. Null: the limiter has not said. */
  async answer(word: string, asked: keyof typeof FIRST_LOOK_MS): Promise<boolean | null> {
    this.waiting++;
    try {
      const given = await this.wait(word, FIRST_LOOK_MS[asked]);
      this.quick = given === true;
      if (given) this.pauseMs = PAUSE_MS.first;
      else this.pause();
      return given;
    } finally {
      this.waiting--;
    }
  }

  /** Those who have asked at the same time are answered alike: they make one pause. */
  private pause(): void {
    if (this.paused) return;
    this.pausedUntil = Date.now() + this.pauseMs;
    this.pauseMs = Math.min(PAUSE_MS.longest, 2 * this.pauseMs);
  }

  private async wait(word: string, firstMs: number): Promise<boolean | null> {
    const until = Date.now() + ANSWER_MS;
    for (let pauseMs = firstMs, looks = 1; Date.now() < until; pauseMs = LOOK_MS * looks++) {
      await delay(pauseMs);
      const given = (await this.look())[word];
      if (given !== undefined) return given;
    }
    return null;
  }

  /** One look serves all who look at a time. A limiter that is only just being started is not there yet. */
  private look(): Promise<Readonly<Record<string, boolean>>> {
    this.looking ??= this.asking
      .answers(this.connection)
      .catch(() => NOTHING)
      .finally(() => {
        this.looking = null;
      });
    return this.looking;
  }
}

/**
 * Permits without a word to the workflow that asks: it waits for a moment where the answer is to be seen, in the memo of
 * the limiter. What is seen there is in the limiter's history; the caller has to put it into its own before it starts
 * anything.
 */
export class QuickPermits {
  private readonly asking: Asking;
  private readonly lines = new Map<string, QuickLine>();
  /** What was asked for ahead and nobody has come for, by the workflow that it is for. */
  private readonly ahead = new Map<string, Ahead>();
  /** What may begin when a run has succeeded, by the workflow of that run. */
  private readonly foretold = new Map<string, readonly NextPermit[]>();

  constructor(asking: Asking) {
    this.asking = asking;
  }

  /**
   * Asks for a permit. Returns the id of the request where it is there at once; else it comes by signal.
   *
   * @param first the workflow has not asked before, nor has an attempt of its task that came to nothing: only then may it
   *   take what was asked for ahead, since the limiter gives that up as soon as it hears of the workflow itself
   */
  async ask(connection: string, request: PermitRequest, first: boolean): Promise<string | null> {
    const line = this.line(connection);
    const ahead = this.takeAhead(request.workflowId);
    if (first && ahead && (await ahead.given)) return ahead.requestId;
    const word = line.open ? newWord() : null;
    const asks = { ...request, ...(word !== null && { answer: word }) };
    await this.asking.send(connection, [asks], line.paused ? TOGETHER_MS : 0);
    const given = word === null ? false : await line.answer(word, 'asked');
    // It may have answered since.
    if (given === null) await this.asking.send(connection, [request]);
    return given ? request.requestId : null;
  }

  /**
   * Asks for a run that is about to begin on this worker, and looks for the answer already. Nobody waits, and nothing is
   * lost where it fails.
   */
  askAhead(connection: string, request: PermitAhead): void {
    const line = this.line(connection);
    this.forgetOld();
    if (!line.open || !line.quick || this.ahead.size >= MOST_AHEAD) return;
    if (this.ahead.has(request.workflowId)) return;
    const word = newWord();
    const requestId = `${request.workflowId}${AHEAD}${word}`;
    const sent = this.asking.send(connection, [{ ...request, requestId, answer: word, ahead: true }]);
    const given = sent.then(() => line.answer(word, 'ahead')).catch(() => null);
    this.ahead.set(request.workflowId, { requestId, given, until: Date.now() + AHEAD_MS });
  }

  /** Keeps what may begin when the run of a workflow has succeeded, instead of what was foretold before. */
  foretell(workflowId: string, runs: readonly NextPermit[]): void {
    this.foretold.delete(workflowId);
    if (runs.length > 0) this.foretold.set(workflowId, runs);
    const [oldest] = this.foretold.keys();
    if (this.foretold.size > MOST_FORETOLD && oldest !== undefined) this.foretold.delete(oldest);
  }

  /** Asks ahead for what was foretold: its pipeline mostly begins it in a moment, and finds the answer there. */
  succeeded(workflowId: string): void {
    const runs = this.foretold.get(workflowId) ?? [];
    this.foretold.delete(workflowId);
    for (const { connection, ...run } of runs) this.askAhead(connection, run);
  }

  private takeAhead(workflowId: string): Ahead | undefined {
    this.forgetOld();
    const ahead = this.ahead.get(workflowId);
    this.ahead.delete(workflowId);
    return ahead;
  }

  private forgetOld(): void {
    for (const [id, { until }] of this.ahead) {
      if (until <= Date.now()) this.ahead.delete(id);
    }
  }

  private line(connection: string): QuickLine {
    const line = this.lines.get(connection) ?? new QuickLine(this.asking, connection);
    this.lines.set(connection, line);
    return line;
  }
}

/** Whether a request is one that was asked for ahead: the limiter looks after it within seconds if it hears nothing. */
export const isAhead = (requestId: string) => requestId.includes(AHEAD);

const newWord = () => randomUUID().slice(0, 8);
