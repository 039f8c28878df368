import { z } from 'zod';
import { durationSchema, runDurationSchema } from './durations.js';
import { readAs } from './errors.js';
import { tokenFingerprint } from './tokens.js';

const limit = z.number().int().positive().nullable().optional();

/** One user's limits; a name that is left out, or null, is not limited. */
const limitNumbersSchema = z.strictObject({
  /** Requests of any kind a minute. */
  globalPerMinute: limit,
  /** GetRunStatus, GetProjectRuns, GetProject and Me together, a minute. */
  readsPerMinute: limit,
  /** The same group, an hour. */
  readsPerHour: limit,
  /** RunProject, a minute. */
  startsPerMinute: limit,
  /** RunProject, an hour. */
  startsPerHour: limit,
  /** Kernels at once: every PENDING or RUNNING run of the user holds one. */
  kernels: limit,
  /** Kernels at once of all users together. */
  workspaceKernels: limit,
});

/** Hex's limits in numbers; null for none. */
export type LimitNumbers = z.output<typeof limitNumbersSchema>;

/** Hex's own numbers: API overview and kernel pages of 2026, reference of 2025-05 (starts) and autumn 2026 (reads). */
export const hexLimits: Readonly<Required<LimitNumbers>> = {
  globalPerMinute: 60,
  readsPerMinute: 30,
  readsPerHour: 1_800,
  startsPerMinute: 20,
  startsPerHour: 60,
  kernels: 25,
  workspaceKernels: 500,
};

const limitsSchema = z
  .union([z.enum(['off', 'on']), limitNumbersSchema])
  .transform((value): LimitNumbers => (value === 'off' ? {} : value === 'on' ? { ...hexLimits } : value));

const settingsSchema = z.strictObject({
  /**
   * Which reference the run endpoints follow: '2026-10' new error bodies and string versions, '2026-07' the older ones.
   */
  dialect: z.enum(['2026-07', '2026-10']),
  /**
   * Answers as older scripts expect: bare project list with `name` and `projectId`, `statusMessage`, times never null.
   */
  legacy: z.boolean(),
  /** Serves /project/{id}/run[/{runId}] and /project/{id}/runs beside the plural paths. */
  singularPaths: z.boolean(),
  /** Accepted tokens; none named = any non-empty token is good. */
  tokens: z.array(z.string().min(1)),
  /** Tokens that may read only: 403 on POST and DELETE. */
  readOnlyTokens: z.array(z.string().min(1)),
  /** Token -> user. Limits count for the user; a token not named here is a user of its own. */
  users: z.record(z.string(), z.string().min(1)),
  /** When the token expires, as Me tells it; null = never. */
  tokenExpiresAt: z.iso.datetime().nullable(),
  /** Only declared projects exist; otherwise any id that is asked for is a published project. */
  strict: z.boolean(),
  /** How long a run lives. */
  duration: runDurationSchema,
  /** The same for single projects, by project id. */
  durations: z.record(z.string(), runDurationSchema),
  /** A run still alive after so long is ended with `maxRunStatus`. */
  maxRun: durationSchema,
  maxRunStatus: z.enum(['KILLED', 'ERRORED']),
  /** Sandbox seconds per real second. */
  clockFactor: z.number().positive(),
  /** 'off', 'on' (Hex's numbers, see hexLimits) or numbers: only what is named is limited. */
  limits: limitsSchema,
  /** Sends Retry-After (real seconds to wait) with a 429. */
  retryAfter: z.boolean(),
  /** Names of response headers with the tightest limit, what is left of it, and the real seconds until it is reset. */
  rateHeaders: z.strictObject({
    limit: z.string().optional(),
    remaining: z.string().optional(),
    reset: z.string().optional(),
  }),
  /** The body of a 429: Hex does not document it. */
  limitBody: z.enum(['json', 'text']),
  /** Answer to a start of a project that was never published. */
  unpublishedStatus: z.union([z.literal(422), z.literal(404)]),
  /** Answer to a cancel of a run that is over. */
  cancelFinished: z.union([z.literal(422), z.literal(404), z.literal(204)]),
  /** How long a cancelled run goes on before it is KILLED. */
  cancelDelay: durationSchema,
  /** Unknown keys of a start's body; 'reject' = 400 in dialect 2026-10, 422 in 2026-07. */
  unknownFields: z.enum(['ignore', 'reject']),
  /** Inputs that the project does not declare (only where it declares any). */
  unknownInputs: z.enum(['ignore', 'reject']),
  /** `inputParams: null`, which some clients send for "none". */
  nullInputs: z.enum(['ignore', 'reject']),
  /** Inputs together with updatePublishedResults: Hex's texts say both "inputs ignored" and "refused". */
  inputsWithPublish: z.enum(['ignore', 'reject']),
  /** What GetProjectRuns lists without a runTriggerFilter: all (2026 reference) or API runs (older). */
  defaultTriggers: z.enum(['ALL', 'API']),
  /** elapsedTime with a fraction, as the reference allows; one published client fails on it. */
  fractionalElapsed: z.boolean(),
  /** Seed of the generator behind `probability` of faults. */
  seed: z.number().int(),
  /** Origin to use in run and page addresses; null = the one the client asked. */
  publicUrl: z.url().nullable(),
  /** The ledger keeps so many of the newest requests; its counters keep count of all. */
  keepRequests: z.number().int().positive(),
});

const patchSchema = settingsSchema.partial();

/** All settings; docs/sandbox.md explains them. */
export type SandboxSettings = z.output<typeof settingsSchema>;
/** Settings as users write them: durations as text or ms, limits as a word or numbers; anything left out stays. */
export type SettingsPatch = z.input<typeof patchSchema>;

const defaults: SandboxSettings = {
  dialect: '2026-10',
  legacy: false,
  singularPaths: true,
  tokens: [],
  readOnlyTokens: [],
  users: {},
  tokenExpiresAt: null,
  strict: false,
  duration: { pendingMs: 500, runningMs: 4_500 },
  durations: {},
  maxRun: Number.POSITIVE_INFINITY,
  maxRunStatus: 'KILLED',
  clockFactor: 1,
  limits: {},
  retryAfter: false,
  rateHeaders: {},
  limitBody: 'json',
  unpublishedStatus: 422,
  cancelFinished: 422,
  cancelDelay: 0,
  unknownFields: 'ignore',
  unknownInputs: 'ignore',
  nullInputs: 'reject',
  inputsWithPublish: 'ignore',
  defaultTriggers: 'ALL',
  fractionalElapsed: false,
  seed: 1,
  publicUrl: null,
  keepRequests: 500_000,
};

/** `current` (the defaults at first) with the patch applied; `users` and `durations` are merged key by key. */
export function applySettings(patch: unknown, current: SandboxSettings = defaults): SandboxSettings {
  const read = readAs(patchSchema, patch, 'Settings of the sandbox');
  const named = Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
  return {
    ...current,
    ...(named as Partial<SandboxSettings>),
    users: { ...current.users, ...read.users },
    durations: { ...current.durations, ...read.durations },
  };
}

/** How long a run of the project lives. */
export function durationOf(
  { durations, duration }: SandboxSettings,
  projectId: string,
): SandboxSettings['duration'] {
  return (Object.hasOwn(durations, projectId) ? durations[projectId] : undefined) ?? duration;
}

/** The names of all settings, for a command line that takes them by name. */
export const settingNames: readonly string[] = Object.keys(settingsSchema.shape);

/** The settings fit to be shown: tokens as fingerprints. */
export function shownSettings(settings: SandboxSettings): Record<string, unknown> {
  return {
    ...settings,
    maxRun: Number.isFinite(settings.maxRun) ? settings.maxRun : 'forever',
    tokens: settings.tokens.map(tokenFingerprint),
    readOnlyTokens: settings.readOnlyTokens.map(tokenFingerprint),
    users: Object.fromEntries(
      Object.entries(settings.users).map(([token, user]) => [tokenFingerprint(token), user]),
    ),
  };
}
