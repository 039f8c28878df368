/**
 * Hex's own limits for the user behind a token, the strictest numbers that it has published: starts by the API
 * reference (RunProject, 2025-05 to 2026-07; newer ones give no numbers), reads by the API reference (group hex-api,
 * autumn 2026; older pages say 60 a minute), kernels by the page on project kernels (2026).
 */
export const HEX_LIMITS = {
  startsPerMinute: 20,
  startsPerHour: 60,
  readsPerMinute: 30,
  readsPerHour: 1_800,
  kernels: 25,
} as const;

/** Read limits of one Hex user. */
export interface ReadLimits {
  /** Reads a minute. Default Hex's: 30. */
  perMinute: number;
  /** Reads an hour; null for no limit. Default Hex's: 1,800. */
  perHour: number | null;
  /** How long a minute takes, ms. Default 60,000; less only against a sandbox whose clock is sped up. */
  minuteMs?: number;
}

/** Hex's own: 30 reads a minute, 1,800 an hour. */
export const DEFAULT_READ_LIMITS: ReadLimits = {
  perMinute: HEX_LIMITS.readsPerMinute,
  perHour: HEX_LIMITS.readsPerHour,
};
