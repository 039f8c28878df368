import { formatDuration } from '../base/duration.js';
import type { Gap, MissedKind } from './missed.js';

/** What the messages about missed starts say beside the gap. */
export interface GapWords {
  schedule: string;
  /** Null for the one that commands take by default. */
  namespace: string | null;
  taskQueue: string;
  /** The partition of a start, or its time. */
  nameOf: (at: number) => string;
  jitterMs: number;
  lateAfterMs: number;
  catchupMs: number;
  /** Whether starts wait for a run to end. */
  waiting: boolean;
  /** Whether the keeper starts them itself. */
  runs: boolean;
}

/** More commands at once are hard to read: the others come when these starts have happened. */
const MOST_STRETCHES = 5;

/** What happened to starts, why, and the command that fills them. */
export function gapText(gap: Gap, words: GapWords): string {
  if (gap.missing.length === 0) return `${whichOf(gap, words)} ${beganLate(gap, words)}. Nothing is missing.`;
  return `${whichOf(gap, words)} ${whyOf(gap, words)}.${remedyOf(gap, words)}`;
}

/** All clear. */
export function filledText(gap: Gap, words: GapWords): string {
  const was = gap.kind === 'late' || gap.kind === 'untaken' ? 'late' : 'missed';
  return `All clear: ${whichOf(gap, words)} ${gap.count === 1 ? 'has' : 'have'} begun, and ${gap.count === 1 ? 'was' : 'were'} ${was} before.`;
}

/** The command that starts what is missing, without what has happened in between; null where it starts by itself. */
export function fillCommand(gap: Gap, { schedule, namespace, jitterMs }: GapWords): string | null {
  if (gap.kind === 'late' || gap.kind === 'untaken') return null;
  const time = (at: number) => new Date(at).toISOString().replace('.000', '');
  return stretchesOf(gap)
    .slice(0, MOST_STRETCHES)
    .map(([from, to]) =>
      [
        `temporal schedule backfill --schedule-id ${shellWord(schedule)}`,
        `--start-time ${time(from)} --end-time ${time(to + jitterMs)}`,
        '--overlap-policy BufferAll',
        ...(namespace === null ? [] : [`--namespace ${shellWord(namespace)}`]),
      ].join(' '),
    )
    .join(' && ');
}

/** First and last of the missing starts between which none has happened: Temporal would repeat that one. */
function stretchesOf({ missing, begun = [], first, last }: Gap): [number, number][] {
  if (missing.length === 0) return [[first, last]];
  const stretches: [number, number][] = [];
  for (const at of missing) {
    const current = stretches.at(-1);
    if (current && !begun.some((one) => current[1] < one && one < at)) current[1] = at;
    else stretches.push([at, at]);
  }
  return stretches;
}

function whichOf(gap: Gap, { schedule, nameOf }: GapWords): string {
  const [from, to] = [nameOf(gap.first), nameOf(gap.last)];
  return gap.count === 1
    ? `Start ${from} of schedule "${schedule}"`
    : `${gap.count} starts of schedule "${schedule}", ${from} to ${to},`;
}

function whyOf(gap: Gap, words: GapWords): string {
  const { taskQueue, lateAfterMs, catchupMs, waiting } = words;
  const were = gap.count === 1 ? 'was' : 'were';
  const within = `within ${formatDuration(lateAfterMs)}`;
  const why: Record<MissedKind, string> = {
    overlap: `${were} skipped: a run was still going on`,
    catchup: `${were} dropped: Temporal came to ${gap.count === 1 ? 'it' : 'them'} later than the catch-up window of ${formatDuration(catchupMs)} allows, after an outage of its server or behind other runs`,
    buffer: `${were} dropped: too many starts were waiting already`,
    paused: 'did not happen: the schedule was paused',
    late: `did not happen ${within}${waiting ? ': a run before must end first' : ''}`,
    untaken: `began in Temporal, but no worker took ${gap.count === 1 ? 'it' : 'them'} up ${within}: see that a worker works on task queue "${taskQueue}"`,
  };
  return why[gap.kind];
}

/** Of starts that are late and have begun by now. */
function beganLate({ kind, count }: Gap, { lateAfterMs }: GapWords): string {
  const them = count === 1 ? 'it' : 'them';
  const who = kind === 'late' ? `Temporal started ${them}` : `a worker took ${them} up`;
  return `began late: ${who} more than ${formatDuration(lateAfterMs)} late`;
}

function remedyOf(gap: Gap, words: GapWords): string {
  const command = fillCommand(gap, words);
  if (command === null) return '';
  const more = `Further ones in a row are not told one by one: temporal-hex schedule describe ${shellWord(words.schedule)}`;
  if (gap.kind === 'paused')
    return ` To go on: temporal-hex schedule resume ${shellWord(words.schedule)}; to run what was missed: ${command}. ${more}`;
  if (words.runs) return ` The keeper runs ${gap.count === 1 ? 'it' : 'them'} now (onMissed: run).`;
  return ` To run ${gap.count === 1 ? 'it' : 'them'}: ${command}. ${more}`;
}

/** A word that a shell takes as it is. */
const shellWord = (text: string) => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
