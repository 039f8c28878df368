/** Where progress goes: lasting lines, and a status that replaces the one before it. */
export interface Reporter {
  log: (line: string) => void;
  status: (text: string) => void;
  /** How often a status is worth showing, in milliseconds. */
  statusEveryMs: number;
}

/** Where progress is shown. */
export interface ReportOptions {
  /** Takes each line that should stay. Default: standard error. */
  log?: (line: string) => void;
  /**
   * Takes the current state of a long step about once a second, to be redrawn in place; '' when the step is over.
   * Default: redrawn on standard error when that is a terminal and `log` is not given, else a `log` line every 15 s.
   */
  status?: (text: string) => void;
}

const REDRAW_MS = 1_000;
const LINE_MS = 15_000;

/** The part of a terminal or file stream that is needed here. */
export interface ReportStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** A reporter for a terminal, a file or a function. */
export function createReporter(options: ReportOptions = {}, stream: ReportStream = process.stderr): Reporter {
  const { log, status } = options;
  if (log && status) return { log, status, statusEveryMs: REDRAW_MS };
  if (log || !stream.isTTY) {
    const line = log ?? ((text: string) => void stream.write(`${text}\n`));
    const asLine = (text: string) => {
      if (text !== '') line(text);
    };
    return { log: line, status: status ?? asLine, statusEveryMs: status ? REDRAW_MS : LINE_MS };
  }
  const clear = '\r\x1b[2K';
  return {
    log: (line) => void stream.write(`${clear}${line}\n`),
    status: status ?? ((text) => void stream.write(clear + text.slice(0, (stream.columns ?? 80) - 1))),
    statusEveryMs: REDRAW_MS,
  };
}

/** Shows `describe(elapsed)` at the reporter's pace until `work` is settled. */
export async function showWhile<T>(
  reporter: Reporter,
  describe: (elapsed: string) => string,
  work: Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const timer = setInterval(() => {
    reporter.status(describe(seconds(performance.now() - startedAt)));
  }, reporter.statusEveryMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    reporter.status('');
  }
}

/** 75_300 -> "1 min 15 s", 1_230 -> "1.2 s". */
export function seconds(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
