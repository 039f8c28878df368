import type { WaitingRequest } from './state.js';

/** What is asked of a line with each request: ten thousand who ask at once must not each look at the whole line. */
interface Known {
  requestIds: Set<string>;
  /** Workflows for whose runs somebody has asked ahead. */
  ahead: Set<string>;
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

/** Says that a line is another with one more request; what was known of the other goes over to it. */
export function joined(
  after: WaitingRequest[],
  before: readonly WaitingRequest[],
  request: WaitingRequest,
): WaitingRequest[] {
  const known = knownOf(before);
  KNOWN.delete(before);
  note(known, request);
  KNOWN.set(after, known);
  return after;
}

function knownOf(line: readonly WaitingRequest[]): Known {
  const known = KNOWN.get(line);
  if (known) return known;
  const made: Known = { requestIds: new Set(), ahead: new Set() };
  for (const request of line) note(made, request);
  KNOWN.set(line, made);
  return made;
}

function note({ requestIds, ahead }: Known, request: WaitingRequest): void {
  requestIds.add(request.requestId);
  if (request.ahead) ahead.add(request.workflowId);
}
