import { partitionPoint } from './partition-point.js';
import type { LimiterSettings } from './settings.js';
import { rankOf, type WaitingRequest } from './state.js';

/** The share of a request without a key of its own: runs that belong to no pipeline are one party. */
const NO_KEY = '';

/** Those of a party that wait, in line order. */
export interface Party {
  key: string;
  waiting: WaitingRequest[];
}

/** The parties of a level of priority. */
export interface Level {
  byKey: Map<string, Party>;
  /** In the order of their first requests. */
  inOrder: Party[];
}

/** Who waits, by level of priority and party. */
export interface Parties {
  /** Those whom somebody has moved to the front, the last moved first; they are in no level. */
  moved: WaitingRequest[];
  levels: Map<number, Level>;
}

/** Whose turns a request shares. */
export function partyOf({ fairnessKey = NO_KEY }: WaitingRequest): string {
  return fairnessKey;
}

/** The parties of a whole line. */
export function partiesOf(line: readonly WaitingRequest[]): Parties {
  const parties: Parties = { moved: [], levels: new Map() };
  for (const request of line) {
    if (request.movedAt === undefined) append(levelOf(parties, request), request);
    else parties.moved.push(request);
  }
  parties.moved.sort((a, b) => (b.movedAt ?? 0) - (a.movedAt ?? 0));
  return parties;
}

/** Takes in one that has just got in line. */
export function join(
  parties: Parties,
  request: WaitingRequest,
  line: readonly WaitingRequest[],
  settings: LimiterSettings,
): void {
  const level = levelOf(parties, request);
  const rank = rankOf(request, settings);
  const known = level.byKey.get(partyOf(request));
  const party = known ?? { key: partyOf(request), waiting: [] };
  const at = partitionPoint(party.waiting, (other) => rankOf(other, settings) > rank);
  if (at === 0 && known) takeOut(level, known);
  party.waiting.splice(at, 0, request);
  if (at === 0) putIn(level, party, line, settings);
}

/** Leaves out one that is in line no longer. */
export function leave(
  { moved, levels }: Parties,
  request: WaitingRequest,
  line: readonly WaitingRequest[],
  settings: LimiterSettings,
): void {
  const level = levels.get(request.priority);
  const party = level?.byKey.get(partyOf(request));
  const at = party?.waiting.indexOf(request) ?? -1;
  if (!level || !party || at < 0) {
    moved.splice(moved.indexOf(request), 1);
    return;
  }
  if (at === 0) takeOut(level, party);
  party.waiting.splice(at, 1);
  if (at === 0) putIn(level, party, line, settings);
}

function takeOut({ byKey, inOrder }: Level, party: Party): void {
  byKey.delete(party.key);
  inOrder.splice(inOrder.indexOf(party), 1);
}

/** Puts a party, unless it is empty, where its first request stands among those of the others. */
function putIn(
  { byKey, inOrder }: Level,
  party: Party,
  line: readonly WaitingRequest[],
  settings: LimiterSettings,
): void {
  const [first] = party.waiting;
  if (!first) return;
  const rank = rankOf(first, settings);
  const isBehind = ({ waiting: [other] }: Party) => {
    if (!other) return false;
    const difference = rankOf(other, settings) - rank;
    return difference === 0 ? line.indexOf(other) > line.indexOf(first) : difference > 0;
  };
  byKey.set(party.key, party);
  inOrder.splice(partitionPoint(inOrder, isBehind), 0, party);
}

function levelOf({ levels }: Parties, { priority }: WaitingRequest): Level {
  const known = levels.get(priority);
  if (known) return known;
  const level: Level = { byKey: new Map(), inOrder: [] };
  levels.set(priority, level);
  return level;
}

function append({ byKey, inOrder }: Level, request: WaitingRequest): void {
  const known = byKey.get(partyOf(request));
  if (known) {
    known.waiting.push(request);
    return;
  }
  const party = { key: partyOf(request), waiting: [request] };
  byKey.set(party.key, party);
  inOrder.push(party);
}
