import { agedAt, isUncounted, type LimiterState, type WaitingRequest } from './state.js';
import { roomAt, windowsOf } from './windows.js';

/** What a request waits for. */
export type WaitReason =
  | 'starts per minute'
  | 'starts per hour'
  | 'kernel'
  | 'trigger window'
  | 'lock'
  | 'penalty'
  | 'outage';

/** Why a request has to wait. */
export interface Blocked {
  reason: WaitReason;
  /** `all`: nobody may start; `reserve`: only those not aged yet may not; `project`: only this project's may not. */
  scope: 'all' | 'reserve' | 'project';
  /** When it opens by time alone; null: by an event. */
  at: number | null;
  /** For `reserve`: when the whole limit has room. */
  wholeAt: number | null;
}

export interface Gates {
  /** To be asked in line order. Null: the request goes, and is counted from now on. */
  consider(request: WaitingRequest): Blocked | null;
}

interface Opening {
  at: number | null;
  reason: WaitReason;
}

/** The limits as they stand in `state`, at its clock. */
export function openGates(state: LimiterState): Gates {
  const projects = new Map<
    string,
    { held: number; exclusive: boolean; starting: boolean; lockWanted: boolean }
  >();
  const projectOf = (projectId: string) => {
    const known = projects.get(projectId);
    if (known) return known;
    const project = { held: 0, exclusive: false, starting: false, lockWanted: false };
    projects.set(projectId, project);
    return project;
  };
  let held = 0;
  let starting = 0;
  const count = (request: WaitingRequest, unanswered: boolean, uncounted: boolean) => {
    const project = projectOf(request.projectId);
    held += 1;
    project.held += 1;
    if (request.exclusive) project.exclusive = true;
    if (unanswered) project.starting = true;
    if (uncounted) starting += 1;
  };
  for (const slot of state.held) count(slot, slot.startedAt === null, isUncounted(slot));

  // Both change only when somebody goes.
  let whole = openingOf(state, held, starting, 0);
  let unreserved = openingOf(state, held, starting, state.settings.reserve);

  const byProject = (request: WaitingRequest): WaitReason | null => {
    const project = projectOf(request.projectId);
    if (request.exclusive && project.held > 0) {
      project.lockWanted = true;
      return 'lock';
    }
    if (project.exclusive) return 'lock';
    if (project.starting) return 'trigger window';
    // Those behind a waiting exclusive run wait too; otherwise it might never get the project to itself.
    return project.lockWanted ? 'lock' : null;
  };

  return {
    consider(request) {
      const reason = byProject(request);
      if (reason !== null) return { reason, scope: 'project', at: null, wholeAt: null };
      if (isShut(whole, state.clock)) return { ...whole, scope: 'all', wholeAt: whole.at };
      const aged = agedAt(request, state.settings) <= state.clock;
      if (!aged && isShut(unreserved, state.clock))
        return { ...unreserved, scope: 'reserve', wholeAt: whole.at };
      count(request, true, true);
      whole = openingOf(state, held, starting, 0);
      unreserved = openingOf(state, held, starting, state.settings.reserve);
      return null;
    },
  };
}

function isShut(opening: Opening, now: number): boolean {
  return opening.at === null || opening.at > now;
}

/** When one more may start, and what opens last. */
function openingOf(state: LimiterState, held: number, starting: number, reserve: number): Opening {
  const { settings, backOff, refused } = state;
  const less = (limit: number | null) =>
    limit === null || limit <= 1 ? limit : Math.floor(limit * (1 - reserve)) || 1;
  const kernels = less(settings.kernels);
  const { minute, hour } = windowsOf(settings);
  const room = (limit: number | null, windowMs: number) =>
    roomAt(state.starts, starting, less(limit), windowMs + settings.marginMs);
  /** After a refusal, while one start finds out whether Hex takes another. */
  const tried = state.halfOpen !== null && starting > 0;
  const all: Opening[] = [
    { reason: 'starts per minute', at: room(settings.starts.perMinute, minute) },
    { reason: 'starts per hour', at: room(settings.starts.perHour, hour) },
    { reason: 'kernel', at: kernels !== null && held >= kernels ? null : backOff.kernelUntil },
    { reason: 'penalty', at: tried && !refused ? null : backOff.rateUntil },
  ];
  if (refused)
    all.push({ reason: refused.kind === 'outage' ? 'outage' : 'kernel', at: tried ? null : refused.until });
  return all.reduce((last, next) =>
    last.at !== null && (next.at === null || next.at > last.at) ? next : last,
  );
}
