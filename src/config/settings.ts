import { z } from 'zod';
import { durationMs } from '../base/duration.js';

/** A variable that is set to nothing counts as not set: compose files do that. */
export const optional = <T>(schema: z.ZodType<T, string>) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

/** `true`, `1`, `yes`, `on` and their opposites. */
export const flag = z.stringbool({ error: 'is not a yes or no: write true or false' });

/** How many times as fast as ours the clock of a sandbox goes. */
export const factor = z.string().transform((text, context) => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 1 && value <= 1_000) return value;
  context.addIssue('is not a factor from 1 to 1000: write the number that the sandbox has as --clock-factor');
  return z.NEVER;
});

/** A whole number, or `none` for no limit. */
export const limit = z.string().transform((text, context) => {
  if (text === 'none') return null;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  context.addIssue('is not a limit: write a whole number up to 99999, or none');
  return z.NEVER;
});

/** A whole number in these bounds. */
export const count = (least: number, most: number) =>
  z.string().transform((text, context) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    context.addIssue(`must be a whole number from ${least} to ${most}`);
    return z.NEVER;
  });

/** Text such as `30s`, as ms, from 1 ms to the longest. */
export const duration = (longest: '10m' | '24h') =>
  z.string().transform((text, context) => {
    const ms = durationMs(text);
    if (ms !== null && ms >= 1 && ms <= (durationMs(longest) ?? 0)) return ms;
    context.addIssue(`is not a duration from 1ms to ${longest}: write "500ms", "30s" or "2m"`);
    return z.NEVER;
  });

/** An address of the web that paths can be appended to, without a slash at its end. */
export const baseAddress = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const plain = url && !url.username && !url.password && !url.search && !url.hash;
  if (plain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '');
  context.addIssue(
    'is not the address of a page: write https://temporal.example.com, without user, query or "#"',
  );
  return z.NEVER;
});

/** Where a server of ours listens. */
export interface ListenAddress {
  host: string;
  /** 0 for any free one. */
  port: number;
}

/** Text such as `0.0.0.0:9464` or `[::1]:9464`. */
export const listenAddress = z.string().transform((text, context): ListenAddress => {
  const [, host, digits] = /^(\[[0-9a-f:.]+\]|[^\s:[\]]+):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (host && port <= 65_535) return { host: host.replace(/^\[|\]$/g, ''), port };
  context.addIssue('is not an address to listen on: write host:port, such as 127.0.0.1:9464 or 0.0.0.0:9464');
  return z.NEVER;
});

/** One of a few words. */
export const choice = <const T extends string>(...words: readonly T[]) =>
  z.string().transform((text, context) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    context.addIssue(`must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`);
    return z.NEVER;
  });
