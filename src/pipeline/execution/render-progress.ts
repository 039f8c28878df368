import { formatDuration } from '../../base/duration.js';
import { expectedText } from '../../run/expected-end.js';
import { aboutText } from '../definition/about.js';
import type { PipelineProgress, StepProgress } from './result.js';
import type { StepState } from './scheduler.js';

const MARKS: Record<StepState, string> = {
  waiting: '·',
  queued: '…',
  running: '▶',
  retrying: '↻',
  approval: '?',
  decision: '!',
  success: '✓',
  failed: '✗',
  skipped: '–',
  upstream_failed: '⊘',
  cancelled: '■',
};

/** More levels than this are left out of the text graph: the table below has them all. */
const MOST_LEVELS = 40;
const MOST_IN_LEVEL = 12;
const MOST_EDGES = 4;

const TABLE_HEAD = [
  '| Step | Status | Run | Started (UTC) | Elapsed | Attempts | Note |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];

/** What stands for a state in graphs and tables. */
export function markOf(state: StepState): string {
  return MARKS[state];
}

/** A pipeline's progress as Markdown: a head line, a text graph, and a table with a row for each step. */
export function renderProgress(progress: PipelineProgress): string {
  const rows = progress.steps.map(tableRow);
  const { description = null, owner = null, tags = [] } = progress;
  const about = aboutText({ description, owner, tags });
  const parts = [
    headLine(progress),
    ...(about === '' ? [] : [about]),
    ['```', ...graphLines(progress), '```'].join('\n'),
    [...TABLE_HEAD, ...rows].join('\n'),
  ];
  if (progress.audit.length > 0) parts.push(auditLines(progress).join('\n'));
  if (progress.warnings.length > 0) parts.push(progress.warnings.map((one) => `- ${cell(one)}`).join('\n'));
  return parts.join('\n\n');
}

/** One row of the table. */
export function tableRow(step: StepProgress): string {
  const run = step.runUrl
    ? `[${cell(step.runId ?? 'run')}](${step.runUrl})`
    : cell(step.runId ?? step.projectId ?? step.workflowId ?? '');
  const cells = [
    `\`${step.id}\``,
    `${MARKS[step.status]} ${step.status}`,
    run,
    step.startedAt ? step.startedAt.slice(11, 19) : '',
    step.elapsedMs === null ? '' : formatDuration(step.elapsedMs),
    step.attempts > 0 ? String(step.attempts) : '',
    cell(noteOf(step)),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What else is to be said of a step: what it waits for, why it did not run, its error. */
export function noteOf(step: StepProgress): string {
  const notes: string[] = [];
  if (step.items) notes.push(itemsText(step.items));
  if (step.waitingFor) notes.push(`waits for ${step.waitingFor}`);
  if (step.expectedEnd)
    notes.push(expectedText(step.expectedEnd, Date.parse(step.startedAt ?? step.expectedStart ?? '')));
  if (step.reused) notes.push('result reused');
  if (step.reason) notes.push(step.reason);
  if (step.error) notes.push(`${step.error.type}: ${firstLine(step.error.message)}`);
  return notes.join('; ');
}

/** The levels of the graph, a line each, with marks. A step names what it waits for unless that is the whole level before. */
export function graphLines({ levels, steps }: Pick<PipelineProgress, 'levels' | 'steps'>): string[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const lines = levels.slice(0, MOST_LEVELS).map((level, index) => {
    const names = level.slice(0, MOST_IN_LEVEL).map((id) => {
      const step = byId.get(id);
      const items = step?.items ? ` ${step.items.succeeded}/${step.items.total}` : '';
      return `${step ? MARKS[step.status] : ' '} ${id}${items}${edgesText(step?.dependsOn ?? [], levels[index - 1])}`;
    });
    const more = level.length > MOST_IN_LEVEL ? [`and ${level.length - MOST_IN_LEVEL} more`] : [];
    return `${String(index + 1).padStart(3)}  ${[...names, ...more].join('   ')}`;
  });
  if (levels.length > MOST_LEVELS) lines.push(`     and ${levels.length - MOST_LEVELS} more levels`);
  return lines;
}

/** What a step waits for; nothing where that is just the whole level before. */
function edgesText(dependsOn: readonly string[], before: readonly string[] = []): string {
  const wholeLevel = dependsOn.length === before.length && before.every((id) => dependsOn.includes(id));
  if (wholeLevel || dependsOn.length === 0) return '';
  const names = dependsOn.slice(0, MOST_EDGES);
  const more = dependsOn.length - names.length;
  return ` (after ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
}

/** Name, status, progress and time in a line. */
export function headLine(progress: PipelineProgress): string {
  const done = progress.steps.filter(({ status }) => status === 'success').length;
  const { paused, rerunOf, source, key, existing } = progress;
  const parts = [
    `**${progress.name}**: ${progress.status}, ${done} of ${progress.steps.length} steps succeeded`,
    formatDuration(progress.elapsedMs),
  ];
  const { expectedEnd } = progress;
  if (expectedEnd) parts.push(expectedText(expectedEnd, Date.parse(progress.startedAt) + progress.elapsedMs));
  if (paused) parts.push(`paused by ${paused.by}${paused.reason ? ` (${paused.reason})` : ''}`);
  if (key) parts.push(`key ${key}`);
  if (existing) parts.push(`${existing.workflowId} has it`);
  if (rerunOf) parts.push(`rerun of ${rerunOf.workflowId}`);
  if (source) parts.push(`from ${source.file} (${source.sha256.slice(0, 12)})`);
  return parts.join(', ');
}

/** Who decided what, a line each. */
export function auditLines({ audit }: Pick<PipelineProgress, 'audit'>): string[] {
  return audit
    .slice(-20)
    .map(({ at, action, step, by, reason }) =>
      cell(`- ${at.slice(0, 19)}Z ${by}: ${action}${step ? ` ${step}` : ''}${reason ? ` (${reason})` : ''}`),
    );
}

function itemsText({ total, succeeded, failed, running }: NonNullable<StepProgress['items']>): string {
  const parts = [`${succeeded} of ${total} items done`];
  if (running > 0) parts.push(`${running} running`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(', ');
}

function firstLine(text: string): string {
  const line = text.split('\n')[0] ?? '';
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}

/** Text that cannot break a table or a line. */
function cell(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replaceAll('|', '\\|');
}
