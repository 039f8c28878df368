import type { LimiterState, Shares, WaitingRequest } from './state.js';

/** The share of a request without a key of its own: runs that belong to no pipeline are one party. */
const NO_KEY = '';

/** A party of a level of priority, with those of it that wait. */
interface Party {
  key: string;
  turn: number;
  waiting: WaitingRequest[];
  /** How many of them have been looked at. */
  seen: number;
}

/** Who waits, by party: in an array for each level of priority. Made once for a line that stays as it is. */
interface Sorted {
  moved: WaitingRequest[];
  levels: Map<number, Map<string, WaitingRequest[]>>;
}

const SORTED = new WeakMap<readonly WaitingRequest[], Sorted>();

/**
 * The line in the order in which it is served. First those whom somebody has moved to the front, the last moved first.
 * Then the level of priority whose turn it is: that of the request that is first by {@link rankOf}. Within a level the
 * parties (the pipelines, unless a run has a `fairnessKey`) go in turn, and within a party who asked first goes first.
 */
export class Turns {
  private readonly line: readonly WaitingRequest[];
  private readonly weights: Readonly<Record<string, number>>;
  private readonly sorted: Sorted;
  private readonly levels = new Map<number, Party[]>();
  private readonly turns: Map<string, number>;
  private readonly seen = new Set<WaitingRequest>();
  private at: number;
  private movedSeen = 0;
  private headAt = 0;
  private last: { party: Party; level: Party[] } | null = null;

  constructor({ waiting, shares, settings }: LimiterState) {
    this.line = waiting;
    this.weights = settings.weights;
    this.sorted = sortedOf(waiting);
    this.at = shares?.at ?? 0;
    this.turns = new Map(Object.entries(shares?.next ?? {}));
  }

  /** Who is looked at next; null at the end of the line. */
  next(): WaitingRequest | null {
    this.last = null;
    const moved = this.sorted.moved[this.movedSeen];
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
    const key = request.fairnessKey ?? NO_KEY;
    const turn = this.last?.party.turn ?? this.turnOf(key);
    this.at = Math.max(this.at, turn);
    this.turns.set(key, turn + 1 / (this.weights[key] ?? 1));
  }

  /** To be kept with the line. */
  shares(): Shares {
    return { at: this.at, next: Object.fromEntries([...this.turns].filter(([, turn]) => turn > this.at)) };
  }

  private head(): WaitingRequest | null {
    for (; ; this.headAt++) {
      const head = this.line[this.headAt];
      if (!head || !this.seen.has(head)) return head ?? null;
    }
  }

  private level(priority: number): Party[] {
    const known = this.levels.get(priority);
    if (known) return known;
    const parties = [...(this.sorted.levels.get(priority) ?? [])].map(
      ([key, waiting]): Party => ({ key, turn: this.turnOf(key), waiting, seen: 0 }),
    );
    // The order of the map is that of their first requests, and the sort keeps it among equals.
    parties.sort((a, b) => a.turn - b.turn);
    this.levels.set(priority, parties);
    return parties;
  }

  /** The party whose turn it is; one that has gone since it was put in its place is put in another. */
  private first(level: Party[]): Party | null {
    for (;;) {
      const [party] = level;
      if (!party) return null;
      const turn = this.turnOf(party.key);
      if (turn <= party.turn) return party;
      level.shift();
      party.turn = turn;
      level.splice(placeOf(level, turn), 0, party);
    }
  }

  private turnOf(key: string): number {
    return Math.max(this.at, this.turns.get(key) ?? 0);
  }
}

/** The whole line in the order in which it is served, if each goes when its turn comes. */
export function inTurn(state: LimiterState): WaitingRequest[] {
  const turns = new Turns(state);
  const line: WaitingRequest[] = [];
  for (let request = turns.next(); request; request = turns.next()) {
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

/** The index behind all whose turn is no later. */
function placeOf(level: readonly Party[], turn: number): number {
  let low = 0;
  let high = level.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((level[middle]?.turn ?? 0) > turn) high = middle;
    else low = middle + 1;
  }
  return low;
}

function sortedOf(waiting: readonly WaitingRequest[]): Sorted {
  const known = SORTED.get(waiting);
  if (known) return known;
  const sorted: Sorted = { moved: [], levels: new Map() };
  for (const request of waiting) {
    if (request.movedAt !== undefined) {
      sorted.moved.push(request);
      continue;
    }
    const key = request.fairnessKey ?? NO_KEY;
    const level = sorted.levels.get(request.priority) ?? new Map<string, WaitingRequest[]>();
    const party = level.get(key);
    if (party) party.push(request);
    else level.set(key, [request]);
    sorted.levels.set(request.priority, level);
  }
  sorted.moved.sort((a, b) => (b.movedAt ?? 0) - (a.movedAt ?? 0));
  SORTED.set(waiting, sorted);
  return sorted;
}
