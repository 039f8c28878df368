import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { TemporalHexClient } from '../../client.js';
import { lastKnown } from '../../console/run/last-known.js';
import type { Output } from '../output.js';
import { missingWorker } from '../session.js';
import { changedLines, type Progress, progressLines } from './progress.js';

const ASK_EVERY_MS = 1_000;
const REDRAW_EVERY_MS = 250;
/** How long an answer is waited for: at first, and at most while a worker is silent, which may only be busy. */
const ANSWER_MS = 2_500;
const LATE_ANSWER_MS = 10_000;
/** A worker that is silent for so long has gone, whatever the server has heard of it within the last minute. */
const SILENT_MS = 8_000;

/** Shows how a run or a pipeline goes, until it is stopped. */
export interface LiveView {
  /** Takes the view away; the last state stays on the screen where `keep` is true (default). */
  stop(keep?: boolean): Promise<void>;
}

/**
 * Asks for the progress every second and shows it on standard error: what the Web UI shows of it, redrawn in place on a
 * terminal; a line a change elsewhere. A worker that is away is waited for, which is said, with what was last known.
 */
export async function showLive(
  output: Output,
  client: TemporalHexClient,
  workflowId: string,
): Promise<LiveView> {
  const screen = output.stderr.isTTY
    ? await terminalScreen(output, workflowId)
    : lineScreen(output, workflowId);
  let latest: Progress | null = null;
  let silentSince: number | null = 0;
  let waitMs = ANSWER_MS;
  const show = (progress: Progress) => {
    latest = progress;
    screen.show(progress);
  };
  const ask = async () => {
    // While a worker answers, nobody has to look for one.
    const absence =
      silentSince === null ? null : await absenceOf(client, workflowId, silentSince).catch(() => null);
    const answer = absence?.certain ? null : await answerOf(client, workflowId, waitMs);
    if (answer) {
      silentSince = null;
      waitMs = ANSWER_MS;
      screen.note(null);
      show(answer);
      return;
    }
    silentSince ||= Date.now();
    if (!absence?.certain) waitMs = Math.min(LATE_ANSWER_MS, 2 * waitMs);
    if (!absence) return;
    screen.note(absence.text);
    if (!latest) show(await lastKnown(client.temporal, absence.workflow));
  };
  const asking = repeat(ASK_EVERY_MS, () => ask().catch(() => undefined));
  const drawing = repeat(REDRAW_EVERY_MS, async () => {
    if (latest) screen.redraw(latest);
  });
  return {
    async stop(keep = true) {
      drawing.stop();
      asking.stop();
      // The end may have come between two looks. A worker that is gone is not waited for.
      const withinMs = silentSince ? ANSWER_MS : 2 * ANSWER_MS;
      if (keep) await answerOf(client, workflowId, withinMs).then((answer) => answer && show(answer));
      screen.close();
    },
  };
}

function answerOf(client: TemporalHexClient, workflowId: string, withinMs: number): Promise<Progress | null> {
  return client.temporal
    .withDeadline(Date.now() + withinMs, () => client.progress(workflowId))
    .catch(() => null);
}

interface Absence {
  text: string;
  /** Nobody asks for work, so there is nobody to answer. */
  certain: boolean;
  workflow: WorkflowExecutionDescription;
}

/** That no worker answers for an open workflow, as the server sees it; null where that is not known. */
async function absenceOf(
  client: TemporalHexClient,
  workflowId: string,
  silentSince: number,
): Promise<Absence | null> {
  const workflow = await client.temporal.workflow.getHandle(workflowId).describe();
  if (workflow.status.name !== 'RUNNING') return null;
  const { taskQueue } = workflow;
  const missing = await missingWorker(client, taskQueue);
  if (missing !== null) return { text: missing, certain: true, workflow };
  if (silentSince === 0 || Date.now() - silentSince < SILENT_MS) return null;
  const since = new Date(silentSince).toISOString().slice(11, 19);
  const text = `No worker on task queue "${taskQueue}" has answered since ${since} UTC; this is from before.`;
  return { text, certain: false, workflow };
}

interface Screen {
  show(progress: Progress): void;
  /** The same again, with clocks that have gone on. */
  redraw(progress: Progress): void;
  /** That no worker answers; null once one does. */
  note(text: string | null): void;
  close(): void;
}

async function terminalScreen({ stderr, talkColors: colors }: Output, workflowId: string): Promise<Screen> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(stderr as NodeJS.WriteStream);
  let noted: string | null = null;
  const draw = (progress: Progress) => {
    const lines = progressLines(progress, {
      colors,
      workflowId,
      columns: stderr.columns,
      // The cursor's own line, the note, and one to see what was before.
      rows: stderr.rows && stderr.rows - (noted === null ? 2 : 3),
    });
    update([...lines, ...(noted === null ? [] : [colors.yellow(noted)])].join('\n'));
  };
  const note = (text: string | null) => {
    noted = text;
  };
  const close = () => {
    update.done();
    stderr.write('\n');
  };
  return { show: draw, redraw: draw, note, close };
}

function lineScreen(output: Output, workflowId: string): Screen {
  const seen = new Map<string, string>();
  let noted: string | null = null;
  return {
    show: (progress) => {
      for (const line of changedLines(progress, seen, workflowId)) output.say(line);
    },
    redraw: () => undefined,
    note: (text) => {
      if (text === noted) return;
      output.say(text === null ? 'A worker answers again.' : output.talkColors.yellow(text));
      noted = text;
    },
    close: () => undefined,
  };
}

/** Calls `work` at once and then again `everyMs` after it has ended. */
function repeat(everyMs: number, work: () => Promise<void>): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const round = async () => {
    await work();
    if (!stopped) timer = setTimeout(round, everyMs);
  };
  void round();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
