import { z } from 'zod';

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const pattern = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/;

/** Milliseconds of "250ms", "5s", "1.5m", "1h", "1d", a bare number of ms, or "forever"; null when it is none of these. */
export function parseDuration(text: string): number | null {
  if (text === 'forever') return Number.POSITIVE_INFINITY;
  const [, amount, unit = 'ms'] = pattern.exec(text.trim()) ?? [];
  const factor = units[unit];
  return amount === undefined || factor === undefined ? null : Number(amount) * factor;
}

/** A length of time: milliseconds, or text such as "5s", "10m", "forever". Read as milliseconds. */
export const durationSchema = z.union([z.number().nonnegative(), z.string()]).transform((value, context) => {
  const ms = typeof value === 'number' ? value : parseDuration(value);
  if (ms !== null) return ms;
  context.addIssue({
    code: 'custom',
    message: 'is no duration: write "250ms", "5s", "10m", "1h" or "forever"',
  });
  return z.NEVER;
});

/** The two parts of a run's life, in sandbox milliseconds. */
export interface RunParts {
  pendingMs: number;
  runningMs: number;
}

/** Of a run given by its whole length, so much of it is spent PENDING: a tenth, at most one second. */
function split(totalMs: number): RunParts {
  const pendingMs = Math.min(totalMs * 0.1, 1_000);
  return { pendingMs, runningMs: totalMs - pendingMs };
}

/**
 * How long a run lives: a duration is the whole of it (a tenth of it, at most 1 s, is spent PENDING);
 * `{pending, running}` sets both parts (each 0 when left out).
 */
export const runDurationSchema = z.union([
  durationSchema.transform(split),
  z
    .strictObject({ pending: durationSchema.default(0), running: durationSchema.default(0) })
    .transform(({ pending, running }): RunParts => ({ pendingMs: pending, runningMs: running })),
]);
