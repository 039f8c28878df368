/** How a run or a pipeline ended, as far as metrics tell it apart. */
export type Outcome =
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'left_running'
  | 'skipped'
  | 'joined'
  | 'dry_run';

/**
 * What happens, as attributes of lines in the worker's log. Metrics are counted from them, so names and fields are an
 * interface. Times are ms.
 */
export type LogEvent =
  /** A run waits under Hex's limits; `waitingFor` says where. */
  | { event: 'run_in_line'; projectId: string; connection: string; waitingFor: string }
  /** Hex runs it now; `waitedMs` since its workflow began. Adopted: its start's answer was lost, and Hex's list had it. */
  | {
      event: 'run_started' | 'run_adopted';
      projectId: string;
      connection: string;
      hexRunId: string;
      hexUrl: string | null;
      traceId: string | null;
      waitedMs: number;
    }
  /** A poll found a run ended, `delayMs` after its end by Hex's clock. */
  | { event: 'run_end_seen'; projectId: string; connection: string; hexRunId: string; delayMs: number }
  /** A `hexRun` closed. `failure` is the type of its failure. */
  | {
      event: 'run_ended';
      projectId: string | null;
      hexRunId: string | null;
      traceId: string | null;
      outcome: Outcome;
      failure: string | null;
      durationMs: number;
    }
  /** A run that was fresh enough was taken over instead of a new one. */
  | { event: 'run_reused'; step: string; projectId: string; hexRunId: string }
  /** A run could not be cancelled, and may go on in Hex. */
  | { event: 'cleanup_failed'; projectId: string; connection: string; hexRunId: string }
  | { event: 'pipeline_started'; pipeline: string }
  | {
      event: 'pipeline_ended';
      pipeline: string | null;
      outcome: Outcome;
      failure: string | null;
      durationMs: number;
    }
  | { event: 'step_waiting' | 'step_ended'; pipeline: string; step: string; state: string }
  /** The janitor found runs that nobody follows any more. */
  | { event: 'strays_found'; connection: string; found: number; cancelled: number };

/** The event that the attributes of a line in the log are of; null where they are of none. */
export function logEventOf(attributes: object | undefined): LogEvent | null {
  return typeof (attributes as Partial<LogEvent> | undefined)?.event === 'string'
    ? (attributes as LogEvent)
    : null;
}
