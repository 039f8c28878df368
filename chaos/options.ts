import { parseArgs } from 'node:util';
import { durationMs } from '../src/base/duration.js';

/** Products that are broken on purpose: the check must notice. */
export const VARIANTS = ['blind-retry', 'no-delete'] as const;
export type Variant = (typeof VARIANTS)[number];

export interface StormOptions {
  pipelines: number;
  /** Schedules that start pipelines of their own every few seconds. */
  schedules: number;
  /** Dates of each of them. */
  dates: number;
  /** The storm lasts at least so long, ms. */
  lastsMs: number;
  seed: number;
  /** Time between two kills of a worker, ms; null for none. */
  killsEveryMs: number | null;
  /** Time between two times that a worker stands still, ms; null for none. */
  stallsEveryMs: number | null;
  serverRestarts: number;
  leaves: number;
  /** Pipelines that run at once. */
  atOnce: number;
  variant: Variant | null;
  /** What Temporal stores is encrypted, with a key of this storm. */
  codec: boolean;
  /** Backfills run beside all of it: two over the dates of a schedule that fires, and one by itself. */
  backfill: boolean;
  /** How long everything may take to end after the storm, ms. */
  settleMs: number;
}

export const USAGE = `npm run chaos -- [options]
  --pipelines <n>        pipelines of 3 to 5 steps (default 200)
  --schedules <n>        schedules that start a pipeline every 3 to 6 s (default 5)
  --dates <n>            dates of each schedule (default 20)
  --lasts <time>         the storm lasts at least so long (default 0s)
  --seed <n>             what is chosen follows from it (default: random, and printed)
  --kills-every <time>   a worker is killed so often, "none" for never (default 6s)
  --stalls-every <time>  a worker stands still for 1 to 12 s so often, "none" for never (default 15s)
  --server-restarts <n>  kills of the Temporal server (default 3)
  --leaves <n>           terminate the workflow of one step in so many pipelines; a janitor cleans up (default 0)
  --at-once <n>          pipelines that run at once (default 100)
  --settle <time>        time for everything to end after the storm (default 5m)
  --backfill             backfills beside it: two over the same dates of a schedule that fires, one by itself
  --variant <name>       ${VARIANTS.join(' | ')}: a broken product, which the check must notice
  --codec                what Temporal stores is encrypted (HEX_CODEC_KEYS)`;

/** Throws where an option cannot be used. */
export function readOptions(args: string[]): StormOptions {
  const { values } = parseArgs({
    args,
    options: {
      pipelines: { type: 'string', default: '200' },
      schedules: { type: 'string', default: '5' },
      dates: { type: 'string', default: '20' },
      lasts: { type: 'string', default: '0s' },
      seed: { type: 'string' },
      'kills-every': { type: 'string', default: '6s' },
      'stalls-every': { type: 'string', default: '15s' },
      'server-restarts': { type: 'string', default: '3' },
      leaves: { type: 'string', default: '0' },
      'at-once': { type: 'string', default: '100' },
      settle: { type: 'string', default: '5m' },
      variant: { type: 'string' },
      codec: { type: 'boolean', default: false },
      backfill: { type: 'boolean', default: false },
    },
  });
  const variant = VARIANTS.find((name) => name === values.variant) ?? null;
  if (values.variant !== undefined && !variant)
    throw new Error(`--variant: there is no "${values.variant}", only ${VARIANTS.join(' and ')}`);
  return {
    pipelines: whole('pipelines', values.pipelines, 1),
    schedules: whole('schedules', values.schedules, 0),
    dates: whole('dates', values.dates, 1),
    lastsMs: time('lasts', values.lasts),
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : whole('seed', values.seed, 0),
    killsEveryMs: timeOrNone('kills-every', values['kills-every']),
    stallsEveryMs: timeOrNone('stalls-every', values['stalls-every']),
    serverRestarts: whole('server-restarts', values['server-restarts'], 0),
    leaves: whole('leaves', values.leaves, 0),
    atOnce: whole('at-once', values['at-once'], 1),
    variant,
    codec: values.codec,
    backfill: values.backfill,
    settleMs: time('settle', values.settle),
  };
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`--${name}: "${text}" is not a whole number from ${least}`);
  return value;
}

const timeOrNone = (name: string, text: string) => (text === 'none' ? null : time(name, text));

function time(name: string, text: string): number {
  const ms = durationMs(text);
  if (ms === null) throw new Error(`--${name}: "${text}" is not a time: write "500ms", "4s" or "2m"`);
  return ms;
}
