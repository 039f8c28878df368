import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { HexActivities } from '../activities/index.js';
import type { StrayRound } from '../activities/list-strays.js';
import { onlyArgument, parseJanitorInput } from '../pipeline/boundary.js';
import type { JanitorInput, JanitorReport, JanitorSpec, Stray } from '../pipeline/janitor-input.js';
import { DEFAULT_POLL } from '../pipeline/poll-interval.js';
import { InputRules } from './input-rules.js';
import { invalidInput } from './run-failures.js';
import { cancelAndConfirm } from './stop-run.js';

const REQUEST_TIMEOUT_MS = 30_000;
const CLEANUP_TIMEOUT_MS = 3_600_000;

const { listStrays } = proxyActivities<HexActivities>({
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '1 hour',
  cancellationType: 'TRY_CANCEL',
});

/**
 * Finds Hex runs that this product started and whose workflow has closed, such as that of a terminated `hexRun`; meant
 * for a schedule. A run is a stray when two rounds in a row find no open workflow that owns it. Reports them, or
 * cancels them with `{"mode": "cancel"}`. Runs that this product did not start are never touched.
 *
 * @param input a {@link JanitorInput}
 */
export async function hexJanitor(input?: JanitorInput, ...others: unknown[]): Promise<JanitorReport> {
  const parsed = new InputRules().read(() => onlyArgument(parseJanitorInput(input ?? {}), others));
  if (!parsed.ok) throw invalidInput('hexJanitor', parsed.problems);
  const spec = parsed.value;
  const first = await round(spec, spec.projects);
  const report: JanitorReport = {
    mode: spec.mode,
    projects: first.projects,
    strays: [],
    cancelled: [],
    foreign: first.foreign,
  };
  if (first.strays.length > 0) {
    await sleep(spec.roundIntervalMs, { summary: 'Until the second round' });
    const suspects = [...new Set(first.strays.map((stray) => stray.projectId))];
    const second = await round(spec, suspects);
    const seenBefore = new Set(first.strays.map((stray) => stray.runId));
    report.strays = second.strays.filter((stray) => seenBefore.has(stray.runId));
  }
  if (spec.mode === 'cancel') {
    await Promise.all(report.strays.map((stray) => cancelStray(spec, stray)));
    report.cancelled = report.strays.map((stray) => stray.runId);
  }
  setCurrentDetails(detailsOf(report));
  return report;
}

function round({ connection, lookbackMs }: JanitorSpec, projects: string[] | null): Promise<StrayRound> {
  return listStrays({
    connection,
    projects,
    sinceMs: Date.now() - lookbackMs,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  });
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

function detailsOf({ mode, projects, strays, foreign }: JanitorReport): string {
  const head = `${projects.length} projects, ${strays.length} strays${mode === 'cancel' ? ' (cancelled)' : ''}, ${foreign} runs of others`;
  const rows = strays.map(
    ({ runId, runUrl, projectId, workflowId }) =>
      `- ${runUrl ? `[${runId}](${runUrl})` : runId} of project \`${projectId}\`, started by \`${workflowId}\``,
  );
  return [head, ...rows].join('\n');
}
