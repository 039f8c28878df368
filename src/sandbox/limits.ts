import type { Operation } from './operation.js';
import type { LimitNumbers } from './settings.js';

/** Limits on requests in a window of time; kernels are counted from the runs themselves. */
export type WindowName = Exclude<keyof LimitNumbers, 'kernels' | 'workspaceKernels'>;

const lengths: Record<WindowName, number> = {
  globalPerMinute: 60_000,
  readsPerMinute: 60_000,
  readsPerHour: 3_600_000,
  startsPerMinute: 60_000,
  startsPerHour: 3_600_000,
};

const reads: readonly WindowName[] = ['globalPerMinute', 'readsPerMinute', 'readsPerHour'];
const windowsOf: Record<Operation, readonly WindowName[]> = {
  runProject: ['globalPerMinute', 'startsPerMinute', 'startsPerHour'],
  getRunStatus: reads,
  listProjectRuns: reads,
  getProject: reads,
  whoAmI: reads,
  cancelRun: ['globalPerMinute'],
  listProjects: ['globalPerMinute'],
};

/** What the limiter says to a request. */
export interface WindowCheck {
  /** The limit that refuses the request; null = admitted. */
  refusedBy: WindowName | null;
  /** The window with the least left (or the one that refuses); null when nothing is limited. */
  tightest: { limit: number; remaining: number; resetsAt: number } | null;
}

interface Window {
  opened: number;
  count: number;
}

/** Fixed windows for each user: a window opens with the first request it admits and is gone `length` later. Sandbox time. */
export class RateWindows {
  readonly #windows = new Map<string, Window>();

  /** Counts the request in all windows of its kind, or, when one of them is full, in none. */
  check(user: string, operation: Operation, limits: LimitNumbers, now: number): WindowCheck {
    const open = new Map<string, Window>();
    let tightest: WindowCheck['tightest'] = null;
    for (const name of windowsOf[operation]) {
      const limit = limits[name];
      if (limit === undefined || limit === null) continue;
      const key = `${name} ${user}`;
      const known = this.#windows.get(key);
      const window = known && now < known.opened + lengths[name] ? known : { opened: now, count: 0 };
      const resetsAt = window.opened + lengths[name];
      if (window.count >= limit) return { refusedBy: name, tightest: { limit, remaining: 0, resetsAt } };
      open.set(key, window);
      const remaining = limit - window.count - 1;
      if (tightest === null || remaining < tightest.remaining) tightest = { limit, remaining, resetsAt };
    }
    for (const [key, window] of open) {
      window.count += 1;
      this.#windows.set(key, window);
    }
    return { refusedBy: null, tightest };
  }
}
