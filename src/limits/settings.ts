import { HEX_LIMITS } from './hex-limits.js';
import { MINUTE_MS } from './windows.js';

/** Above it a limit protects nothing, and the kept start times would no longer be small. */
const MAX_COUNT = 10_000;
const MAX_TIME_MS = 7 * 86_400_000;

/**
 * What one limiter (one Hex connection, thus one Hex user) may use. `null` switches a limit off, 0 pauses all starts.
 */
export interface LimiterSettings {
  /** Run starts: Hex counts them per user in two windows at once. Default 20 a minute and 60 an hour. */
  starts: { perMinute: number | null; perHour: number | null };
  /** Runs in flight at once, since a run holds one kernel until it ends. Default 25. */
  kernels: number | null;
  /** Slack added to each window, ms. Default 1,000. */
  marginMs: number;
  /**
   * Lead of one priority level, ms: a request of priority p stands in line as if it had asked p times this later, so
   * nothing that asks after that time overtakes it. Default one hour.
   */
  agingMs: number;
  /**
   * Share of each limit kept free of requests behind the default priority, until they have aged. 0 to 0.9, default 0.1.
   */
  reserve: number;
  /** How long a permit may wait for its start's outcome before its holder is looked after, ms. Default 2 minutes. */
  triggerLeaseMs: number;
  /** How long a started run holds its slot before its holder is looked after, ms. Default 30 minutes. */
  runLeaseMs: number;
  /** Shares of the line by fairness key: a pipeline of weight 2 has two turns where others have one. Default 1 each. */
  weights: Record<string, number>;
  /**
   * How long a minute of Hex's windows takes, ms; an hour is 60 of them. Less than 60,000 only against a sped-up
   * sandbox.
   */
  minuteMs: number;
}

/** What a worker's environment says. The weights are set in the limiter alone. */
export type EnvironmentSettings = Omit<LimiterSettings, 'weights'>;

/** A change of some settings; what is absent stays. */
export type LimitsPatch = Partial<Omit<LimiterSettings, 'starts'>> & {
  starts?: Partial<LimiterSettings['starts']>;
};

/**
 * Hex's limits; the rest is our choice. The margin may be small: a start is counted when its outcome is known, hence
 * never earlier than Hex counted it.
 */
export const DEFAULT_SETTINGS: LimiterSettings = {
  starts: { perMinute: HEX_LIMITS.startsPerMinute, perHour: HEX_LIMITS.startsPerHour },
  kernels: HEX_LIMITS.kernels,
  marginMs: 1_000,
  agingMs: 3_600_000,
  reserve: 0.1,
  triggerLeaseMs: 120_000,
  runLeaseMs: 1_800_000,
  weights: {},
  minuteMs: MINUTE_MS,
};

/** What changes against a sandbox whose clock goes `clockFactor` times as fast as ours (its `--clock-factor`). */
export function spedUp(clockFactor: number): LimitsPatch {
  const { minuteMs, marginMs, agingMs } = DEFAULT_SETTINGS;
  return {
    minuteMs: minuteMs / clockFactor,
    marginMs: marginMs / clockFactor,
    agingMs: agingMs / clockFactor,
  };
}

const isWeight = (n: number) => n >= 0.01 && n <= 100;

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is wrong with a patch, one line each; empty when it can be used. */
export function settingsProblems(patch: LimitsPatch): string[] {
  const problems: string[] = [];
  const check = (
    name: string,
    value: unknown,
    ok: (n: number) => boolean,
    want: string,
    nullable = false,
  ) => {
    if (value === undefined || (nullable && value === null)) return;
    if (typeof value !== 'number' || !ok(value)) problems.push(`${name} must be ${want}`);
  };
  const count = (n: number) => Number.isSafeInteger(n) && n >= 0 && n <= MAX_COUNT;
  const countText = `a whole number from 0 to ${MAX_COUNT}, or null for no limit`;
  check('starts.perMinute', patch.starts?.perMinute, count, countText, true);
  check('starts.perHour', patch.starts?.perHour, count, countText, true);
  check('kernels', patch.kernels, count, countText, true);
  check('reserve', patch.reserve, (n) => n >= 0 && n <= 0.9, 'between 0 and 0.9');
  const time = (least: number) => (n: number) => Number.isFinite(n) && n >= least && n <= MAX_TIME_MS;
  check('marginMs', patch.marginMs, time(0), 'milliseconds from 0 to a week');
  check('agingMs', patch.agingMs, time(0), 'milliseconds from 0 to a week');
  check('triggerLeaseMs', patch.triggerLeaseMs, time(1_000), 'milliseconds from 1,000 to a week');
  check('minuteMs', patch.minuteMs, (n) => n >= 1 && n <= MINUTE_MS, `milliseconds from 1 to ${MINUTE_MS}`);
  if (patch.weights !== undefined && !isObject(patch.weights))
    problems.push('weights must be an object of numbers');
  for (const [key, weight] of Object.entries(patch.weights ?? {}))
    check(`weights[${JSON.stringify(key)}]`, weight, isWeight, 'a number from 0.01 to 100');
  check('runLeaseMs', patch.runLeaseMs, time(1_000), 'milliseconds from 1,000 to a week');
  return problems;
}

/**
 * The settings with a patch laid over them. A patch with a problem is left out as a whole: a limiter must not stop over
 * one.
 */
export function withSettings(base: LimiterSettings, patch: LimitsPatch): LimiterSettings {
  if (settingsProblems(patch).length > 0) return base;
  const { starts, ...rest } = patch;
  return {
    ...base,
    ...withoutUndefined(rest),
    starts: { ...base.starts, ...withoutUndefined(starts ?? {}) },
  };
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
