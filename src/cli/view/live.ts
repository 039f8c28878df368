import type { TemporalHexClient } from '../../client.js';
import type { Output } from '../output.js';
import { changedLines, type Progress, progressLines } from './progress.js';

const ASK_EVERY_MS = 1_000;
const REDRAW_EVERY_MS = 250;

/** Shows how a run or a pipeline goes, until it is stopped. */
export interface LiveView {
  /** Takes the view away; the last state stays on the screen where `keep` is true (default). */
  stop(keep?: boolean): Promise<void>;
}

/**
 * Asks for the progress every second and shows it on standard error: what the Web UI shows of it, redrawn in place on a
 * terminal; a line a change elsewhere. A worker that is away is waited for.
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
  const ask = async () => {
    const progress = await client.progress(workflowId).catch(() => null);
    if (!progress) return;
    latest = progress;
    screen.show(progress);
  };
  const asking = repeat(ASK_EVERY_MS, ask);
  const drawing = repeat(REDRAW_EVERY_MS, async () => {
    if (latest) screen.redraw(latest);
  });
  return {
    async stop(keep = true) {
      drawing.stop();
      asking.stop();
      // The end may have come between two looks. A worker that is gone is not waited for.
      if (keep) await Promise.race([ask(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
      screen.close();
    },
  };
}

interface Screen {
  show(progress: Progress): void;
  /** The same again, with clocks that have gone on. */
  redraw(progress: Progress): void;
  close(): void;
}

async function terminalScreen({ stderr, talkColors: colors }: Output, workflowId: string): Promise<Screen> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(stderr as NodeJS.WriteStream);
  const draw = (progress: Progress) =>
    update(
      progressLines(progress, {
        colors,
        workflowId,
        columns: stderr.columns,
        // The cursor's own line, and one to see what was before.
        rows: stderr.rows && stderr.rows - 2,
      }).join('\n'),
    );
  const close = () => {
    update.done();
    stderr.write('\n');
  };
  return { show: draw, redraw: draw, close };
}

function lineScreen(output: Output, workflowId: string): Screen {
  const seen = new Map<string, string>();
  return {
    show: (progress) => {
      for (const line of changedLines(progress, seen, workflowId)) output.say(line);
    },
    redraw: () => undefined,
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
