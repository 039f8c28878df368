import { ApplicationFailure } from '@temporalio/common';
import {
  ActivityFailure,
  CancelledFailure,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackfillOutline, BackfillProgress, BackfillResult } from '../contract/backfill.js';
import { isOfType, typedFailure } from '../contract/failure.js';
import { memo } from '../contract/memo.js';
import {
  backfillProgressQuery,
  pauseBackfillSignal,
  resumeBackfillSignal,
  retryBackfillSignal,
} from '../contract/messages.js';
import type { BackfillInput } from '../pipeline/backfill/input.js';
import { onlyArgument, parseBackfillInput } from '../pipeline/boundary.js';
import { wantedBy } from '../run/notify.js';
import { beginBackfill } from './backfill/activities.js';
import { BackfillExecution, type Carried } from './backfill/execution.js';
import { sendNotifications } from './notifications.js';
import { invalidInput } from './run/failures.js';

/**
 * Runs a pipeline for many of its partitions: each date once, at most `maxActive` at a time, as pipelines of their own that have the ids
 * which their schedule would give them. Partitions that are done, or that somebody else runs, are left alone. Hex's line lets live work
 * go first.
 *
 * Fails with `InvalidInput` before anything is started, and with `HexBackfillFailed` when partitions failed; `details[0]` is its
 * {@link BackfillProgress}. A cancel is passed on to what runs, which cancels its runs in Hex; a later backfill goes on where it stopped.
 * Signals: `pause`, `resume`, `retryFailed`. Query: `progress`.
 *
 * @param input a {@link BackfillInput}
 * @param carried where it stood before it continued as new; not for callers
 */
export async function hexBackfill(
  input: BackfillInput,
  carried?: Carried,
  ...others: unknown[]
): Promise<BackfillResult> {
  const continued = workflowInfo().continuedFromExecutionRunId ? carried : undefined;
  const running: { execution: BackfillExecution | null } = { execution: null };
  const early: ((execution: BackfillExecution) => void)[] = [];
  const tell = (what: (execution: BackfillExecution) => void) => {
    if (running.execution) what(running.execution);
    else early.push(what);
  };
  setHandler(pauseBackfillSignal, ({ by = 'somebody', reason } = {}) =>
    tell((execution) => execution.pause(by, reason ?? null)),
  );
  setHandler(resumeBackfillSignal, () => tell((execution) => execution.resume()));
  setHandler(retryBackfillSignal, () => tell((execution) => execution.retryFailed()));
  setHandler(
    backfillProgressQuery,
    () => running.execution?.progress() ?? notBegun(workflowInfo().startTime),
  );

  const surplus = continued || carried === undefined ? others : [carried, ...others];
  const parsed = onlyArgument(parseBackfillInput(input), surplus);
  if (!parsed.ok) throw invalidInput('hexBackfill', parsed.problems);
  const from = continued ?? (await begin(input));
  upsertMemo(memo({ hexBackfillOf: from.outline.name }));
  const execution = new BackfillExecution(input, parsed.value.spec, from);
  running.execution = execution;
  for (const what of early) what(execution);
  return toEnd(input, execution, from.outline);
}

async function toEnd(
  input: BackfillInput,
  execution: BackfillExecution,
  { name, first, last, total, notify }: BackfillOutline,
): Promise<BackfillResult> {
  const say = (event: 'success' | 'failure' | 'cancelled', text: string) =>
    sendNotifications(wantedBy(notify, event), { event, text, pipeline: name });
  try {
    if ((await execution.run()) === 'continue')
      await continueAsNew<typeof hexBackfill>(input, execution.carried());
  } catch (error) {
    if (!(error instanceof CancelledFailure)) throw error;
    execution.end('cancelled');
    setCurrentDetails(detailsOf(execution.progress()));
    await say('cancelled', `Backfill of ${name} was cancelled: ${summaryOf(execution.counts())}`);
    throw error;
  }
  const counts = execution.counts();
  const failed = counts.failed + counts.cancelled > 0;
  execution.end(failed ? 'failed' : 'success');
  const progress = execution.progress();
  setCurrentDetails(detailsOf(progress));
  const text = `Backfill of ${name}, ${first} to ${last}: ${summaryOf(counts)}`;
  await say(failed ? 'failure' : 'success', text);
  if (failed)
    throw typedFailure({
      type: 'HexBackfillFailed',
      message: `${text}. Run the failed ones again with "temporal-hex backfill retry ${workflowInfo().workflowId}"`,
      nonRetryable: true,
      details: [progress],
    });
  return {
    success: true,
    pipeline: name,
    from: first,
    to: last,
    total,
    counts,
    startTime: progress.startedAt,
    endTime: new Date().toISOString(),
  };
}

async function begin(input: BackfillInput): Promise<Carried> {
  const now = Date.now();
  const { outline, grid } = await outlineOf(input, now);
  const nothing = { again: [], failures: [], paused: null, stopped: false };
  return { untilMs: now, startedAtMs: now, outline, grid, ...nothing };
}

async function outlineOf(input: BackfillInput, untilMs: number) {
  try {
    return await beginBackfill(input, untilMs);
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : null;
    if (!(cause instanceof ApplicationFailure) || !isOfType(cause, 'InvalidInput')) throw error;
    throw invalidInput('hexBackfill', [{ path: '', message: cause.message }]);
  }
}

function notBegun(startTime: Date): BackfillProgress {
  const counts = { waiting: 0, running: 0, success: 0, failed: 0, cancelled: 0, left: 0 };
  const none = { pipeline: '', from: '', to: '', total: 0, counts, grid: '', active: [], failures: [] };
  return { ...none, status: 'running', paused: null, startedAt: startTime.toISOString() };
}

/** Its counts in words, those of nothing left out. */
function summaryOf({ success, failed, cancelled, waiting, left }: BackfillProgress['counts']): string {
  const parts = [
    [success, 'succeeded'],
    [failed, 'failed'],
    [cancelled, 'cancelled'],
    [waiting, 'not run'],
    [left, 'left alone'],
  ] as const;
  return (
    parts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(', ') || 'nothing to do'
  );
}

function detailsOf({ pipeline, from, to, counts, failures }: BackfillProgress): string {
  const rows = failures.map(({ partition, message }) => `- ${partition}: ${message}`);
  return [`Backfill of **${pipeline}**, ${from} to ${to}: ${summaryOf(counts)}`, ...rows].join('\n');
}
