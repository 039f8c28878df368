import { isCancellation, log, patched, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import { onlyArgument, parseJanitorInput } from '../pipeline/boundary.js';
import type { JanitorInput, JanitorReport, JanitorSpec, LeftRuns, Stray } from '../run/janitor-input.js';
import { DEFAULT_POLL } from '../run/poll-interval.js';
import { InputRules } from './input-rules.js';
import { strayRounds } from './janitor/before-places.js';
import { beginLook, firstRound, type Look, lookBefore, newLook, secondRound } from './janitor/look.js';
import { logEvent } from './log-event.js';
import { alert } from './notifications.js';
import { invalidInput } from './run/failures.js';
import { cancelAndConfirm } from './run/stop.js';

const REQUEST_TIMEOUT_MS = 30_000;
const CLEANUP_TIMEOUT_MS = 3_600_000;
/** Each reads until its run has ended. */
const CANCELS_AT_ONCE = 5;
/** A message names so many runs. */
const MOST_TOLD = 20;

/**
 * Finds Hex runs that this product started and whose workflow has closed, such as that of a terminated `hexRun`; the
 * worker makes schedules for it (`HEX_JANITOR`). A run is a stray when two rounds in a row find no open workflow that
 * owns it. Reports them, or cancels them with `{"mode": "cancel"}`. Runs that this product did not start are never
 * touched.
 *
 * Its reads of Hex give way to those of live runs and take a fifth of the limit at most.
 *
 * @param input a {@link JanitorInput}
 * @param carried the look before the workflow continued as new; not for callers
 */
export async function hexJanitor(
  input: JanitorInput = {},
  carried?: Look,
  ...others: unknown[]
): Promise<JanitorReport> {
  const continued = workflowInfo().continuedFromExecutionRunId ? carried : undefined;
  const surplus = continued || carried === undefined ? others : [carried, ...others];
  const parsed = new InputRules().read(() => onlyArgument(parseJanitorInput(input ?? {}), surplus));
  if (!parsed.ok) throw invalidInput('hexJanitor', parsed.problems);
  const spec = parsed.value;
  const keepsItsPlace = patched('janitor-keeps-its-place');
  const look = continued ?? (keepsItsPlace ? await beginLook(spec) : newLook([]));
  const report = reportOf(
    spec,
    look,
    keepsItsPlace ? await twoRounds(spec, input, look) : await strayRounds(spec),
  );
  if (spec.mode === 'cancel')
    report.cancelled = await cancelAll(
      spec,
      report.strays,
      keepsItsPlace ? CANCELS_AT_ONCE : Number.MAX_SAFE_INTEGER,
    );
  setCurrentDetails(janitorDetails(report));
  if (keepsItsPlace) await alertOf(report, spec.connection);
  return report;
}

/** Alerts the operators of the workers, once for each run and schedule unless a full look finds it again. */
async function alertOf(report: JanitorReport, connection: string): Promise<void> {
  const before = report.look === 'quick' ? lookBefore() : null;
  const told = new Set([...(before?.strays ?? []), ...(before?.possible ?? [])].map(({ runId }) => runId));
  const found = [...report.strays, ...report.possible].filter(({ runId }) => !told.has(runId));
  const [first] = found;
  if (!first) return;
  const one = found.length === 1 && {
    projectId: first.projectId,
    hexRunId: first.runId,
    hexUrl: first.runUrl,
  };
  const text = textOf(report, found);
  logEvent('warn', text, {
    event: 'strays_found',
    connection,
    found: found.length,
    cancelled: found.filter(({ runId }) => report.cancelled.includes(runId)).length,
  });
  await alert('strays', text, { connection, ...one });
}

function textOf({ mode, cancelled, possible }: JanitorReport, found: readonly Stray[]): string {
  const fate = ({ runId }: Stray) => {
    if (possible.some((run) => run.runId === runId))
      return 'perhaps ours: cancel it by hand if it is not wanted';
    if (cancelled.includes(runId)) return 'cancelled';
    return mode === 'cancel' ? 'could not be cancelled: do so by hand' : 'still running: cancel it in Hex';
  };
  const shown = found.slice(0, MOST_TOLD);
  const more = found.length > shown.length ? [`and ${found.length - shown.length} more`] : [];
  return [
    `${found.length === 1 ? 'A run' : `${found.length} runs`} in Hex without an open workflow:`,
    ...shown.map(
      (stray) =>
        `${stray.runId} of project ${stray.projectId}, started by ${stray.workflowId}: ${fate(stray)}`,
    ),
    ...more,
  ].join('\n');
}

async function twoRounds(spec: JanitorSpec, input: JanitorInput, look: Look): Promise<LeftRuns> {
  await firstRound(spec, input, look);
  if (look.strays.length + look.possible.length === 0) return { strays: [], possible: [] };
  await sleep(spec.roundIntervalMs, { summary: 'Until the second round' });
  return secondRound(spec, look);
}

/** The ids of those that were cancelled; one that could not be does not keep the others from it. */
async function cancelAll(spec: JanitorSpec, strays: readonly Stray[], atOnce: number): Promise<string[]> {
  const cancelled: string[] = [];
  for (let at = 0; at < strays.length; at += atOnce) {
    const some = strays.slice(at, at + atOnce);
    const outcomes = await Promise.allSettled(some.map((stray) => cancelStray(spec, stray)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') cancelled.push(some[index]?.runId ?? '');
      else if (isCancellation(outcome.reason)) throw outcome.reason;
      else log.warn('A stray could not be cancelled', { ...some[index], error: String(outcome.reason) });
    }
  }
  return cancelled;
}

function cancelStray({ connection }: JanitorSpec, { projectId, runId }: Stray): Promise<void> {
  const target = {
    connection,
    projectId,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    cleanupTimeoutMs: CLEANUP_TIMEOUT_MS,
    poll: { ...DEFAULT_POLL, firstMs: DEFAULT_POLL.minMs, perHistory: Number.MAX_SAFE_INTEGER },
  };
  return cancelAndConfirm(target, runId, () => undefined);
}

function reportOf(
  { mode, look: kind }: JanitorSpec,
  look: Look,
  { strays, possible }: LeftRuns,
): JanitorReport {
  return {
    mode,
    look: kind,
    until: new Date(look.untilMs).toISOString(),
    projects: look.projects,
    unreadable: look.unreadable,
    strays,
    possible,
    cancelled: [],
    foreign: look.foreign.length,
    reads: look.reads,
  };
}

function janitorDetails(report: JanitorReport): string {
  const { mode, projects, strays, possible, cancelled, foreign, reads } = report;
  const ended = mode === 'cancel' ? ` (${cancelled.length} cancelled)` : '';
  const row = ({ runId, runUrl, projectId, workflowId }: Stray) =>
    `- ${runUrl ? `[${runId}](${runUrl})` : runId} of project \`${projectId}\`, started by \`${workflowId}\``;
  return [
    `${projects.length} projects, ${strays.length} strays${ended}, ${foreign} runs of others; ${reads} reads`,
    ...strays.map(row),
    ...possible.map((run) => `${row(run)}, perhaps: cancel it by hand if it is not wanted`),
  ].join('\n');
}
