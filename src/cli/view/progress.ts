import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { formatDuration } from '../../base/duration.js';
import { auditLines, graphLines, markOf, noteOf } from '../../pipeline/execution/render-progress.js';
import type { PipelineProgress, StepProgress } from '../../pipeline/execution/result.js';
import { expectedText } from '../../run/expected-end.js';
import type { RunProgress } from '../../run/result.js';
import { type Output, plain, table } from '../output.js';

/** Where a run or a pipeline stands. */
export type Progress = RunProgress | PipelineProgress;
type Colors = Output['colors'];

/** Decisions that are shown under the table on a terminal. */
const LAST_DECISIONS = 5;
const FEWEST_ROWS = 5;

export interface ViewOptions {
  colors: Colors;
  workflowId: string;
  /** Longest line. Default: no limit. */
  columns?: number | undefined;
  /** Most lines: steps of less interest are counted instead of shown. Default: no limit. */
  rows?: number | undefined;
}

/** Where a run or a pipeline stands, as lines. */
export function progressLines(progress: Progress, options: ViewOptions): string[] {
  return isPipeline(progress) ? pipelineLines(progress, options) : runLines(progress, options.colors);
}

/** Whether it is that of a pipeline. */
export function isPipeline(progress: Progress): progress is PipelineProgress {
  return 'steps' in progress;
}

/** As the Web UI shows it: a text graph, a table, who decided what; and how to decide what is asked. */
function pipelineLines(progress: PipelineProgress, options: ViewOptions): string[] {
  const { colors, columns, rows = Number.POSITIVE_INFINITY } = options;
  const { steps, paused, warnings } = progress;
  const above = [
    headLine(progress, colors),
    ...(paused
      ? [colors.yellow(plain(`paused by ${[paused.by, paused.reason].filter(Boolean).join(': ')}`))]
      : []),
  ];
  const below = [
    ...decisions(progress).slice(-LAST_DECISIONS).map(colors.dim),
    ...whatIsAsked(progress, options.workflowId).map(colors.yellow),
    ...warnings.map((warning) => colors.yellow(plain(warning))),
  ];
  const graph = graphOf(progress, columns);
  const withGraph = graph.length <= rows / 3 ? graph : [];
  const room = Math.max(FEWEST_ROWS, rows - above.length - withGraph.length - below.length - 1);
  const shown = mostInteresting(steps, room);
  return [
    ...above,
    ...withGraph,
    ...stepRows(shown, options).map((row) => `  ${row}`),
    ...(shown.length < steps.length ? [colors.dim(`  and ${steps.length - shown.length} more steps`)] : []),
    ...below,
  ];
}

function headLine(progress: PipelineProgress, { bold }: Colors): string {
  const { name, status, steps, rerunOf, source, key, existing } = progress;
  const done = steps.filter((step) => step.status === 'success').length;
  const parts = [`${status}, ${done} of ${steps.length} steps succeeded`, clock(progress)];
  if (progress.expectedEnd) parts.push(expectedText(progress.expectedEnd, Date.now()));
  if (key) parts.push(`key ${key}`);
  if (existing) parts.push(`${existing.workflowId} has it`);
  if (rerunOf) parts.push(`rerun of ${rerunOf.workflowId}`);
  if (source) parts.push(`from ${source.file} (${source.sha256.slice(0, 12)})`);
  return `${bold(plain(name))}  ${plain(parts.filter(Boolean).join(', '))}`;
}

/** The levels of the pipeline; none for a sequence, of which the table says all. */
function graphOf(progress: PipelineProgress, columns = Number.POSITIVE_INFINITY): string[] {
  if (progress.levels.every(({ length }) => length === 1)) return [];
  return ['', ...graphLines(progress).map((line) => cut(plain(line), columns - 1)), ''];
}

/** Who decided what, in order. */
function decisions(progress: PipelineProgress): string[] {
  // What is escaped for Markdown is not for a terminal.
  return auditLines(progress).map((line) => plain(line.replace(/^- /, '').replaceAll('\\|', '|')));
}

/** The commands by which a person gives the word that a step waits for. */
function whatIsAsked({ steps }: PipelineProgress, workflowId: string): string[] {
  return steps.flatMap((step) => askedOf(step, workflowId));
}

function askedOf({ id, status }: StepProgress, workflowId: string): string[] {
  if (status === 'approval') return [`temporal-hex approve|reject ${workflowId} ${id}`];
  if (status !== 'decision') return [];
  return [`temporal-hex retry-step|skip-step|mark-success|cancel-step ${workflowId} ${id}`];
}

/**
 * How long it took, or has taken until now: an answer to a query knows no time later than the workflow's last event.
 */
function clock({
  startedAt,
  endedAt,
  elapsedMs,
}: Pick<StepProgress, 'startedAt' | 'endedAt' | 'elapsedMs'>): string {
  if (elapsedMs === null || !startedAt) return '';
  const ms = endedAt === null ? Math.max(elapsedMs, Date.now() - Date.parse(startedAt)) : elapsedMs;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)}s` : formatDuration(ms);
}

/** All steps where they fit, else those that run or went wrong first, in their order. */
function mostInteresting(steps: readonly StepProgress[], room: number): readonly StepProgress[] {
  if (steps.length <= room) return steps;
  const dull = new Set(['waiting', 'success', 'skipped']);
  const ranked = [...steps].sort((a, b) => Number(dull.has(a.status)) - Number(dull.has(b.status)));
  const chosen = new Set(ranked.slice(0, room - 1));
  return steps.filter((step) => chosen.has(step));
}

/** A row a step; what is said of it takes the room that is left. */
function stepRows(steps: readonly StepProgress[], { colors, columns }: ViewOptions): string[] {
  const retried = steps.some(({ attempts }) => attempts > 1);
  const rows = steps.map((step) => {
    const colour = stateColour(step.status, colors);
    const attempts = retried ? [step.attempts > 1 ? `${step.attempts} attempts` : ''] : [];
    const state = [colour(`${markOf(step.status)} ${step.id}`), colour(step.status)];
    return [...state, clock(step).padStart(7), ...attempts];
  });
  const taken = Math.max(...table(rows).split('\n').map(width)) + 6;
  const room = columns ? columns - taken : Number.POSITIVE_INFINITY;
  return table(
    rows.map((row, index) => {
      const step = steps[index];
      const note = step ? cut(plain(noteOf(step)), room) : '';
      const link = linkTo(step?.runUrl ?? null, note === '' ? room : room - note.length - 2, colors);
      return [...row, [note, link].filter(Boolean).join('  ')];
    }),
  ).split('\n');
}

/** The address where it fits, else a word that terminals make a link of (OSC 8). */
function linkTo(url: string | null, room: number, colors: Colors): string {
  const address = plain(url ?? '');
  if (address === '' || address.length <= room) return colors.dim(address);
  const word = 'Hex run';
  if (!colors.isColorSupported || word.length > room) return '';
  return colors.dim(`\u001b]8;;${address}\u0007${word}\u001b]8;;\u0007`);
}

function width(line: string): number {
  return stripVTControlCharacters(line).length;
}

function cut(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text;
}

function stateColour(status: StepProgress['status'], colors: Colors): (text: string) => string {
  if (status === 'success') return colors.green;
  if (status === 'failed' || status === 'cancelled') return colors.red;
  if (status === 'waiting' || status === 'skipped' || status === 'upstream_failed') return colors.dim;
  return status === 'approval' || status === 'decision' ? colors.yellow : colors.cyan;
}

function runLines(progress: RunProgress, colors: Colors): string[] {
  const { projectId, status, phase, startedAt, waitingFor, runUrl, key } = progress;
  const parts = [colors.bold(projectId), status && status !== phase ? `${status} (${phase})` : phase];
  if (phase !== 'done') parts.push(clock({ startedAt, endedAt: null, elapsedMs: 0 }));
  if (progress.expectedEnd) parts.push(expectedText(progress.expectedEnd, Date.now()));
  if (key) parts.push(plain(`key ${key}`));
  if (runUrl) parts.push(colors.dim(runUrl));
  return [parts.join('  '), ...(waitingFor ? [`  ${plain(waitingFor)}`] : [])];
}

/** What has changed since the last look, a line each: for logs and pipes. `seen` remembers. */
export function changedLines(progress: Progress, seen: Map<string, string>, workflowId: string): string[] {
  const changed: string[] = [];
  for (const { key, state, lines } of entriesOf(progress, workflowId)) {
    if (seen.get(key) === state || (state === 'waiting' && !seen.has(key))) continue;
    seen.set(key, state);
    changed.push(...lines);
  }
  return changed;
}

interface Entry {
  key: string;
  /** Tells one look from another. */
  state: string;
  lines: string[];
}

function entriesOf(progress: Progress, workflowId: string): Entry[] {
  if (!isPipeline(progress)) {
    const lines = [runLines(progress, pc.createColors(false)).join(' ')];
    return [{ key: progress.projectId, state: `${progress.phase} ${progress.status}`, lines }];
  }
  return [
    ...decisions(progress).map((line) => ({ key: `decision ${line}`, state: 'told', lines: [line] })),
    ...progress.steps.map((step) => ({
      key: `step ${step.id}`,
      state: `${step.status} ${isGoing(step) ? withoutForecast(step.waitingFor ?? '') : ''}`.trim(),
      lines: [stepLine(step), ...askedOf(step, workflowId).map((line) => `  ${line}`)],
    })),
    ...progress.warnings.map((line) => ({ key: `warning ${line}`, state: 'told', lines: [plain(line)] })),
  ];
}

/** What it waits for may change while it stands as it does. */
const isGoing = ({ status }: StepProgress) => status === 'running' || status === 'queued';

/** A forecast moves at every look, which is no change. */
const withoutForecast = (words: string) => words.replace(/, expected (?:at|about) \S+/, '');

function stepLine(step: StepProgress): string {
  const took = step.endedAt !== null && step.elapsedMs !== null ? formatDuration(step.elapsedMs) : '';
  return [`${step.id}: ${step.status}`, took, plain(noteOf(step)), step.runUrl ?? '']
    .filter(Boolean)
    .join('  ');
}
