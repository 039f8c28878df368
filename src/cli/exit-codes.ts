/** What the exit code of the command tells a script. Explained to users in docs/cli.md and in `--help`. */
export const EXIT = {
  ok: 0,
  /** The run or the pipeline failed, or something unexpected happened. */
  failed: 1,
  /** Wrong usage, input or configuration; nothing was started. */
  badInput: 2,
  /** No Temporal server: none answers, or none could be started. */
  noTemporal: 3,
  /** The run or the pipeline was cancelled or terminated. */
  cancelled: 4,
  /** The run or the pipeline reached its time limit. */
  timedOut: 5,
  /** Hex refused a request of this command, or does not answer. */
  noHex: 6,
  /** Stopped by Ctrl-C (128 + SIGINT); what was started goes on. */
  interrupted: 130,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For `--help`. */
export const EXIT_CODES_HELP = `Exit codes:
  0    success
  1    the run or the pipeline failed
  2    wrong usage, input or configuration; nothing was started
  3    no Temporal server
  4    the run or the pipeline was cancelled or terminated
  5    the run or the pipeline reached its time limit
  6    Hex refused a request of this command, or does not answer
  130  stopped by Ctrl-C; what was started goes on`;
