import { join, leave, type Parties, partiesOf } from './parties.js';
import type { LimiterSettings } from './settings.js';
import type { WaitingRequest } from './state.js';

/** What is asked of a line with each request: ten thousand who ask at once must not each look at the whole line. */
interface Known {
  requestIds: Set<string>;
  /** Workflows for whose runs somebody has asked ahead. */
  ahead: Set<string>;
  /** Whether somebody waits for a project to be empty. */
  exclusive: boolean;
  parties: Parties;
}

const KNOWN = new WeakMap<readonly WaitingRequest[], Known>();

/** Whether a request is in line. */
export function isWaiting(line: readonly WaitingRequest[], requestId: string): boolean {
  return knownOf(line).requestIds.has(requestId);
}

/** Whether somebody in line has asked ahead: for a run of this workflow, or of any. */
export function isAskedAhead(line: readonly WaitingRequest[], workflowId?: string): boolean {
  const { ahead } = knownOf(line);
  return workflowId === undefined ? ahead.size > 0 : ahead.has(workflowId);
}

/** Whether somebody in line waits for a project to be empty. */
export function hasExclusive(line: readonly WaitingRequest[]): boolean {
  return knownOf(line).exclusive;
}

/** The parties of a line: to be read only, and not after the line has changed. */
export function knownParties(line: readonly WaitingRequest[]): Parties {
  return knownOf(line).parties;
}

/** Says that a line is another with one more request; what was known of the other goes over to it. */
export function joined(
  after: WaitingRequest[],
  before: readonly WaitingRequest[],
  request: WaitingRequest,
  settings: LimiterSettings,
): WaitingRequest[] {
  const known = knownOf(before);
  KNOWN.delete(before);
  note(known, request);
  join(known.parties, request, after, settings);
  KNOWN.set(after, known);
  return after;
}

/** The line without these, and what was known of the line before goes over to it. */
export function left(
  before: readonly WaitingRequest[],
  gone: ReadonlySet<WaitingRequest>,
  settings: LimiterSettings,
): WaitingRequest[] {
  const after = before.filter((request) => !gone.has(request));
  const known = KNOWN.get(before);
  // How many others there are like these is not known.
  if (!known || [...gone].some(({ ahead, exclusive }) => ahead || exclusive)) return after;
  KNOWN.delete(before);
  for (const request of gone) {
    known.requestIds.delete(request.requestId);
    leave(known.parties, request, before, settings);
  }
  KNOWN.set(after, known);
  return after;
}

function knownOf(line: readonly WaitingRequest[]): Known {
  const known = KNOWN.get(line);
  if (known) return known;
  const made: Known = { requestIds: new Set(), ahead: new Set(), exclusive: false, parties: partiesOf(line) };
  for (const request of line) note(made, request);
  KNOWN.set(line, made);
  return made;
}

function note(known: Known, { requestId, workflowId, ahead, exclusive }: WaitingRequest): void {
  known.requestIds.add(requestId);
  if (ahead) known.ahead.add(workflowId);
  if (exclusive) known.exclusive = true;
}
