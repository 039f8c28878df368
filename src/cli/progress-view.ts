import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { formatDuration } from '../pipeline/duration.js';
import type { PipelineProgress, StepProgress } from '../pipeline/pipeline-result.js';
import { markOf, noteOf } from '../pipeline/render-progress.js';
import type { RunProgress } from '../pipeline/run-result.js';
import { type Output, plain, table } from './output.js';

export type Progress = RunProgress | PipelineProgress;
type Colors = Output['colors'];

/** Steps that are shown at once on a terminal; the others are counted. */
const MOST_ROWS = 30;

export interface ViewOptions {
  colors: Colors;
  /** Longest line. Default: no limit. */
  columns?: number | undefined;
}

/** Where a run or a pipeline stands, as lines. */
export function progressLines(progress: Progress, options: ViewOptions): string[] {
  return isPipeline(progress) ? pipelineLines(progress, options) : runLines(progress, options.colors);
}

export function isPipeline(progress: Progress): progress is PipelineProgress {
  return 'steps' in progress;
}

function pipelineLines(progress: PipelineProgress, options: ViewOptions): string[] {
  const { colors } = options;
  const { name, status, steps, paused, warnings } = progress;
  const done = steps.filter((step) => step.status === 'success').length;
  const shown = mostInteresting(steps);
  return [
    `${colors.bold(plain(name))}  ${status}, ${done} of ${steps.length} steps succeeded, ${clock(progress)}`,
    ...(paused ? [colors.yellow(`paused by ${plain(paused.by)}: ${plain(paused.reason ?? '')}`)] : []),
    ...stepRows(shown, options).map((row) => `  ${row}`),
    ...(shown.length < steps.length ? [colors.dim(`  and ${steps.length - shown.length} more steps`)] : []),
    ...warnings.map((warning) => colors.yellow(plain(warning))),
  ];
}

/** How long it took, or has taken until now: an answer to a query knows no time later than the workflow's last event. */
function clock({
  startedAt,
  endedAt,
  elapsedMs,
}: Pick<StepProgress, 'startedAt' | 'endedAt' | 'elapsedMs'>): string {
  if (elapsedMs === null || startedAt === null) return '';
  const ms = endedAt === null ? Math.max(elapsedMs, Date.now() - Date.parse(startedAt)) : elapsedMs;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)}s` : formatDuration(ms);
}

/** All steps where they fit, else those that run or went wrong first, in their order. */
function mostInteresting(steps: readonly StepProgress[]): readonly StepProgress[] {
  if (steps.length <= MOST_ROWS) return steps;
  const dull = new Set(['waiting', 'success', 'skipped']);
  const ranked = [...steps].sort((a, b) => Number(dull.has(a.status)) - Number(dull.has(b.status)));
  const chosen = new Set(ranked.slice(0, MOST_ROWS));
  return steps.filter((step) => chosen.has(step));
}

/** A row a step; what is said of it takes the room that is left. */
function stepRows(steps: readonly StepProgress[], { colors, columns }: ViewOptions): string[] {
  const rows = steps.map((step) => {
    const colour = stateColour(step.status, colors);
    return [colour(`${markOf(step.status)} ${step.id}`), colour(step.status), clock(step).padStart(7)];
  });
  const lines = table(rows).split('\n');
  const taken = Math.max(...lines.map((line) => stripVTControlCharacters(line).length)) + 6;
  const room = columns ? columns - taken : Number.POSITIVE_INFINITY;
  return table(
    rows.map((row, index) => {
      const step = steps[index];
      const note = step ? plain(noteOf(step)) : '';
      const link = step?.runUrl && step.runUrl.length <= room ? colors.dim(step.runUrl) : '';
      return [...row, note ? cut(note, room) : link];
    }),
  ).split('\n');
}

function cut(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text;
}

function stateColour(status: StepProgress['status'], colors: Colors): (text: string) => string {
  if (status === 'success') return colors.green;
  if (status === 'failed' || status === 'cancelled') return colors.red;
  if (status === 'waiting' || status === 'skipped' || status === 'upstream_failed') return colors.dim;
  return colors.cyan;
}

function runLines(progress: RunProgress, colors: Colors): string[] {
  const { projectId, status, phase, startedAt, waitingFor, runUrl } = progress;
  const parts = [colors.bold(projectId), status && status !== phase ? `${status} (${phase})` : phase];
  if (phase !== 'done') parts.push(clock({ startedAt, endedAt: null, elapsedMs: 0 }));
  if (runUrl) parts.push(colors.dim(runUrl));
  return [parts.join('  '), ...(waitingFor ? [`  ${plain(waitingFor)}`] : [])];
}

/** What has changed since the last look, a line each: for logs and pipes. */
export function changedLines(progress: Progress, seen: Map<string, string>): string[] {
  const entries = isPipeline(progress)
    ? progress.steps.map((step) => [step.id, step.status, stepLine(step)] as const)
    : [
        [
          progress.projectId,
          `${progress.phase} ${progress.status}`,
          runLines(progress, pc.createColors(false)).join(' '),
        ] as const,
      ];
  const changed: string[] = [];
  for (const [id, state, line] of entries) {
    if (seen.get(id) === state || (state === 'waiting' && !seen.has(id))) continue;
    seen.set(id, state);
    changed.push(line);
  }
  return changed;
}

function stepLine(step: StepProgress): string {
  const took = step.endedAt !== null && step.elapsedMs !== null ? formatDuration(step.elapsedMs) : '';
  return [`${step.id}: ${step.status}`, took, plain(noteOf(step)), step.runUrl ?? '']
    .filter(Boolean)
    .join('  ');
}
