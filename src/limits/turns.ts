import { knownParties } from './known-of-line.js';
import { type Parties, type Party, partyOf } from './parties.js';
import { partitionPoint } from './partition-point.js';
import type { LimiterState, Shares, WaitingRequest } from './state.js';

/** A party of a level of priority, in its turn. */
interface InTurn extends Party {
  turn: number;
  /** How many of its waiting have been looked at. */
  seen: number;
}

/**
 * The line in the order in which it is served. First those whom somebody has moved to the front, the last moved first.
 * Then the level of priority whose turn it is: that of the request that is first by {@link rankOf}. Within a level the
 * parties (the pipelines, unless a run has a `fairnessKey`) go in turn, and within a party who asked first goes first.
 */
export class Turns {
  private readonly line: readonly WaitingRequest[];
  private readonly weights: Readonly<Record<string, number>>;
  private readonly parties: Parties;
  private readonly levels = new Map<number, InTurn[]>();
  private readonly turns: Map<string, number>;
  private readonly seen = new Set<WaitingRequest>();
  private at: number;
  private movedSeen = 0;
  private headAt = 0;
  private last: { party: InTurn; level: InTurn[] } | null = null;

  constructor({ waiting, shares, settings }: LimiterState) {
    this.line = waiting;
    this.weights = settings.weights;
    this.parties = knownParties(waiting);
    this.at = shares?.at ?? 0;
    this.turns = new Map(Object.entries(shares?.next ?? {}));
  }

  /** Who is looked at next; null at the end of the line. */
  next(): WaitingRequest | null {
    this.last = null;
    const moved = this.parties.moved[this.movedSeen];
    if (moved) {
      this.movedSeen++;
      this.seen.add(moved);
      return moved;
    }
    const head = this.head();
    if (!head) return null;
    const level = this.level(head.priority);
    const party = this.first(level);
    const request = party?.waiting[party.seen];
    if (!party || !request) return null;
    party.seen++;
    if (party.seen === party.waiting.length) level.shift();
    this.seen.add(request);
    this.last = { party, level };
    return request;
  }

  /** The one that was looked at last goes: its party's next turn comes later. */
  goes(request: WaitingRequest): void {
    const key = partyOf(request);
    const turn = this.last?.party.turn ?? this.turnOf(key);
    this.at = Math.max(this.at, turn);
    // A key may be any text, such as `constructor`.
    const weight = Object.hasOwn(this.weights, key) ? this.weights[key] : undefined;
    this.turns.set(key, turn + 1 / (weight ?? 1));
  }

  /** To be kept with the line. */
  shares(): Shares {
    return { at: this.at, next: Object.fromEntries([...this.turns].filter(([, turn]) => turn > this.at)) };
  }

  /** Those that have not been looked at, by rank, lowest first. */
  *rest(): Generator<WaitingRequest> {
    for (let at = this.headAt; at < this.line.length; at++) {
      const request = this.line[at];
      if (request && !this.seen.has(request)) yield request;
    }
  }

  private head(): WaitingRequest | null {
    for (; ; this.headAt++) {
      const head = this.line[this.headAt];
      if (!head || !this.seen.has(head)) return head ?? null;
    }
  }

  private level(priority: number): InTurn[] {
    const known = this.levels.get(priority);
    if (known) return known;
    const parties = (this.parties.levels.get(priority)?.inOrder ?? []).map(
      ({ key, waiting }): InTurn => ({ key, turn: this.turnOf(key), waiting, seen: 0 }),
    );
    // Who asked first goes first among equals.
    parties.sort((a, b) => a.turn - b.turn);
    this.levels.set(priority, parties);
    return parties;
  }

  /** The party whose turn it is; one that has gone since it was put in its place is put in another. */
  private first(level: InTurn[]): InTurn | null {
    for (;;) {
      const [party] = level;
      if (!party) return null;
      const turn = this.turnOf(party.key);
      if (turn <= party.turn) return party;
      level.shift();
      party.turn = turn;
      const place = partitionPoint(level, (other) => other.turn > turn);
      level.splice(place, 0, party);
    }
  }

  private turnOf(key: string): number {
    return Math.max(this.at, this.turns.get(key) ?? 0);
  }
}

/** The line in the order in which it is served, if each goes when its turn comes; or so many of it at most. */
export function inTurn(state: LimiterState, most = Number.POSITIVE_INFINITY): WaitingRequest[] {
  const turns = new Turns(state);
  const line: WaitingRequest[] = [];
  for (let request = turns.next(); request && line.length < most; request = turns.next()) {
    line.push(request);
    turns.goes(request);
  }
  return line;
}

/** A line without parties and moves: who asked first goes first. */
export function withoutTurns({ shares: _, ...state }: LimiterState): LimiterState {
  if (!state.waiting.some(({ fairnessKey, movedAt }) => (fairnessKey ?? movedAt) !== undefined)) return state;
  return { ...state, waiting: state.waiting.map(({ fairnessKey: __, movedAt: ___, ...request }) => request) };
}
