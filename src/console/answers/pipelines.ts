import { median } from '../../base/median.js';
import type { ExecutionRow } from '../../executions/row.js';
import { parsePipelineInput } from '../../pipeline/boundary.js';
import { everyOccurrence, occurrences } from '../../schedule/index.js';
import { zoneOf } from '../../schedule/zone.js';
import { cursorOf } from '../book.js';
import type {
  CalendarAnswer,
  CalendarDay,
  ComingStart,
  DefinitionAnswer,
  DurationsAnswer,
  FormAnswer,
  PipelineAnswer,
  PipelineRow,
  PipelineScheduleAnswer,
  PipelinesAnswer,
  StatsAnswer,
  StripCell,
} from '../contract.js';
import { graphOf } from '../graph.js';
import type { Parts } from '../parts.js';
import { notFound } from '../refusal.js';
import { keeperNotice } from './home.js';

const STRIP = 30;
const DEFAULT_LIMIT = 50;
const MOST_LIMIT = 200;
const MOST_DURATIONS = 500;
const MOST_A_DAY = 50;
const FEWEST_FOR_TREND = 10;
const MONTH_MS = 30 * 86_400_000;
/** Runs of an hour, as after a backfill, tell nothing of a month. */
const SHORTEST_FOR_TREND_MS = 3 * 86_400_000;
const YEAR_MS = 366 * 86_400_000;
/** Starts around a clock change that are shown with it. */
const NEAR_MS = 6 * 3_600_000;

/** All pipelines that have a schedule or have run. */
export async function pipelinesAnswer(parts: Parts): Promise<Omit<PipelinesAnswer, 'at'>> {
  const { book, schedules } = parts;
  await Promise.all([book.open(), schedules.open()]);
  const names = new Set(book.pipelines.filter((name) => name !== ''));
  for (const id of schedules.ids) {
    const name = schedules.row(id)?.pipeline;
    if (name) names.add(name);
  }
  const pipelines = [...names].sort().map((name) => rowOf(parts, name));
  return { notices: [...(await parts.notices()), ...keeperNotice(parts)], pipelines };
}

function rowOf({ book, schedules }: Parts, name: string): PipelineRow {
  const runs = book.runsOf(name);
  const id = schedules.of(name);
  const spec = id === null ? null : schedules.specOf(id);
  const kept = id === null ? null : schedules.keptOf(id);
  return {
    name,
    timezone: schedules.zoneOf(name),
    owner: spec?.owner ?? runs[0]?.owner ?? null,
    tags: spec?.tags ?? runs[0]?.tags ?? [],
    schedule: id === null ? null : schedules.short(id),
    strip: runs.slice(0, STRIP).reverse().map(stripCell),
    freshness: kept?.freshness ?? null,
    missed: kept?.missedStarts.reduce((sum, { count }) => sum + count, 0) ?? 0,
  };
}

const stripCell = ({
  workflowId,
  runId,
  status,
  partition,
  scheduledTime,
  startedAt,
  durationMs,
}: ExecutionRow): StripCell => ({
  ...{ workflowId, runId, status, startedAt, durationMs },
  label: partition ?? scheduledTime,
});

/** A pipeline, and a page of its grid. */
export async function pipelineAnswer(
  parts: Parts,
  name: string,
  { before, limit = DEFAULT_LIMIT }: { before: string | null; limit?: number | undefined },
): Promise<Omit<PipelineAnswer, 'at'>> {
  const { schedules, cells } = parts;
  const all = await runsOf(parts, name);
  const from = before === null ? 0 : all.findIndex((run) => cursorOf(run) < before);
  const size = Math.min(MOST_LIMIT, Math.max(1, limit));
  const page = from < 0 ? [] : all.slice(from, from + size);
  const last = page.at(-1);
  const more = last !== undefined && from + size < all.length;
  const [known, grid, notices] = await Promise.all([
    parts.definitions.of(name).catch(() => null),
    cells.grid(name, page, { next: more && last ? cursorOf(last) : null, total: all.length }),
    parts.notices(),
  ]);
  const row = rowOf(parts, name);
  const id = schedules.of(name);
  return {
    notices,
    name,
    description: known?.spec.description ?? null,
    owner: known?.spec.owner ?? row.owner,
    tags: known?.spec.tags ?? row.tags,
    timezone: zoneNameOf(parts, name, known?.spec.timezone ?? null),
    schedule: row.schedule,
    freshness: row.freshness,
    missed: (id === null ? null : schedules.keptOf(id)?.missedStarts) ?? [],
    grid,
  };
}

async function runsOf({ book, schedules }: Parts, name: string): Promise<readonly ExecutionRow[]> {
  await Promise.all([book.open(), schedules.open(500)]);
  if (!book.whole) await book.readOlder(name);
  const runs = book.runsOf(name);
  if (runs.length === 0 && schedules.of(name) === null && book.whole)
    throw notFound(`There is no pipeline "${name}": it has no schedule, and no run that Temporal still has`);
  return runs;
}

const zoneNameOf = ({ schedules }: Parts, name: string, own: string | null) =>
  own ?? schedules.zoneOf(name) ?? 'UTC';

/** A year of a pipeline, a cell a day. */
export async function calendarAnswer(
  parts: Parts,
  name: string,
  year: number | null,
): Promise<Omit<CalendarAnswer, 'at'>> {
  const runs = await runsOf(parts, name);
  const known = await parts.definitions.of(name).catch(() => null);
  const timezone = zoneNameOf(parts, name, known?.spec.timezone ?? null);
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const dayOf = (iso: string) => format.format(new Date(iso));
  const wanted = year ?? Number(dayOf(new Date().toISOString()).slice(0, 4));
  const days = new Map<string, ExecutionRow[]>();
  for (const run of runs) {
    if (Math.abs(new Date(run.scheduledTime).getUTCFullYear() - wanted) > 1) continue;
    const day = dayOf(run.scheduledTime);
    if (day.startsWith(`${wanted}-`)) days.set(day, [...(days.get(day) ?? []), run]);
  }
  return {
    notices: await parts.notices(),
    year: wanted,
    timezone,
    days: [...days].map(([day, of]) => calendarDay(day, of)).sort((a, b) => (a.day < b.day ? -1 : 1)),
  };
}

const WORST: readonly ExecutionRow['status'][] = [
  'failed',
  'timed_out',
  'terminated',
  'waiting',
  'paused',
  'running',
  'queued',
  'cancelled',
  'success',
  'skipped',
];

function calendarDay(day: string, runs: readonly ExecutionRow[]): CalendarDay {
  // What failed and succeeded later is a success: of each partition the newest counts.
  const newest = new Map<string, ExecutionRow['status']>();
  for (const { partition, scheduledTime, status } of runs) {
    const key = partition ?? scheduledTime;
    if (!newest.has(key) || newest.get(key) === 'skipped') newest.set(key, status);
  }
  const status = WORST.find((one) => [...newest.values()].includes(one)) ?? 'skipped';
  return { day, status, runs: runs.slice(0, MOST_A_DAY).map(stripCell), total: runs.length };
}

/** How long runs take, and how that changes. */
export async function durationsAnswer(parts: Parts, name: string): Promise<Omit<DurationsAnswer, 'at'>> {
  const runs = (await runsOf(parts, name)).slice(0, MOST_DURATIONS).toReversed();
  const good = runs.filter(({ status }) => status === 'success');
  const sorted = good.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  return {
    notices: await parts.notices(),
    runs: runs.map(stripCell),
    medianMs: median(sorted),
    p90Ms: sorted[Math.min(sorted.length - 1, Math.floor(0.9 * sorted.length))] ?? null,
    trendPercent: trendOf(good),
  };
}

/** What its runs took in Hex, and what they were kept from. */
export async function statsAnswer(parts: Parts, name: string): Promise<Omit<StatsAnswer, 'at'>> {
  const [notices, stats] = await Promise.all([parts.notices(), parts.spent.of(name)]);
  return { notices, stats };
}

/** Oldest first: the newer half against the older half, as a change a month. */
function trendOf(good: readonly ExecutionRow[]): number | null {
  if (good.length < FEWEST_FOR_TREND) return null;
  const half = Math.floor(good.length / 2);
  const [older, newer] = [good.slice(0, half), good.slice(-half)];
  const [before, after] = [older, newer].map((runs) => median(runs.map(({ durationMs }) => durationMs)));
  const [first, last] = [older, newer].map((runs) =>
    median(runs.map(({ startedAt }) => Date.parse(startedAt))),
  );
  if (!before || after == null || first == null || last == null) return null;
  if (last - first < SHORTEST_FOR_TREND_MS) return null;
  return Math.round(((after - before) / before) * 100 * (MONTH_MS / (last - first)));
}

export async function definitionAnswer(parts: Parts, name: string): Promise<Omit<DefinitionAnswer, 'at'>> {
  await runsOf(parts, name);
  const known = await parts.definitions.of(name);
  const notices = await parts.notices();
  if (!known) return { notices, definition: null, from: null, file: null, sha256: null, graph: null };
  const { definition, from, file, sha256, spec } = known;
  return { notices, definition, from, file, sha256, graph: graphOf(spec.steps) };
}

/** When it starts by itself, and what clock changes do to that. */
export async function pipelineScheduleAnswer(
  parts: Parts,
  name: string,
  count: number,
): Promise<Omit<PipelineScheduleAnswer, 'at'>> {
  const { schedules } = parts;
  await runsOf(parts, name);
  const id = schedules.of(name);
  const described = id === null ? null : await schedules.describe(id);
  const parsed = described ? parsePipelineInput(described.action.args?.[0]) : null;
  const rhythm = (parsed?.ok ? parsed.value.spec?.schedule : null) ?? null;
  const timezone = zoneNameOf(parts, name, rhythm?.timezone ?? null);
  const now = Date.now();
  const coming: ComingStart[] = [];
  if (rhythm) {
    for (const one of occurrences(rhythm, now)) {
      coming.push(startOf(one));
      if (coming.length >= count) break;
    }
  }
  const row = id === null ? null : schedules.row(id);
  return {
    notices: [...(await parts.notices()), ...keeperNotice(parts)],
    schedule: row,
    timezone,
    coming,
    clockChanges: rhythm
      ? changesOf(timezone, now).map(({ at, text }) => ({
          at: new Date(at).toISOString(),
          text,
          touched: [...everyOccurrence(rhythm, at - NEAR_MS, at + NEAR_MS)]
            .filter(({ note }) => note !== null)
            .map(startOf),
        }))
      : changesOf(timezone, now).map(({ at, text }) => ({
          at: new Date(at).toISOString(),
          text,
          touched: [],
        })),
    difference: row?.drift?.changes ?? [],
  };
}

const startOf = ({ scheduledTime, localTime, partition, note }: ComingStart): ComingStart => ({
  ...{ scheduledTime, localTime, partition, note },
});

function changesOf(timezone: string, now: number): { at: number; text: string }[] {
  const changes: { at: number; text: string }[] = [];
  for (const { end, offset, after } of zoneOf(timezone).stretchesFrom(now)) {
    if (end > now + YEAR_MS) break;
    const minutes = Math.round((after - offset) / 60_000);
    if (minutes !== 0)
      changes.push({
        at: end,
        text: `the clock is put ${minutes > 0 ? 'forward' : 'back'} by ${Math.abs(minutes)} minutes`,
      });
  }
  return changes;
}

/** What a form needs that starts it. */
export async function formAnswer(parts: Parts, name: string): Promise<Omit<FormAnswer, 'at'>> {
  await runsOf(parts, name);
  const known = await parts.definitions.of(name);
  const given = { ...known?.params, ...known?.spec.schedule?.params };
  return {
    notices: await parts.notices(),
    name,
    fields: Object.entries(known?.spec.params ?? {}).map(
      ([field, { type, default: value, description, enum: values }]) => ({
        name: field,
        type,
        required: value === undefined && given[field] === undefined,
        default: given[field] ?? value ?? null,
        description: description ?? null,
        enum: values ?? null,
      }),
    ),
    schedule: parts.schedules.of(name),
    partitioned: known?.spec.schedule != null,
    definition: known ? 'known' : null,
  };
}
