import type { WaitingRequest } from './state.js';

const IDS = new WeakMap<readonly WaitingRequest[], Set<string>>();

/** Whether a request is in line. Ten thousand who ask at once must not each search the whole line. */
export function isWaiting(line: readonly WaitingRequest[], requestId: string): boolean {
  return idsOf(line).has(requestId);
}

/** Says that a line is another with one more request; what was known of the other goes over to it. */
export function joined(
  after: WaitingRequest[],
  before: readonly WaitingRequest[],
  { requestId }: WaitingRequest,
): WaitingRequest[] {
  const ids = idsOf(before);
  IDS.delete(before);
  IDS.set(after, ids.add(requestId));
  return after;
}

function idsOf(line: readonly WaitingRequest[]): Set<string> {
  const ids = IDS.get(line) ?? new Set(line.map(({ requestId }) => requestId));
  IDS.set(line, ids);
  return ids;
}
