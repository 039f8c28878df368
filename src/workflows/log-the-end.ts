import {
  ApplicationFailure,
  isCancellation,
  TemporalFailure,
  type WorkflowInterceptors,
  workflowInfo,
} from '@temporalio/workflow';
import { isObject } from '../base/json.js';
import type { Outcome } from '../contract/log-events.js';
import type { PipelineFailureDetails, PipelineResult } from '../pipeline/execution/result.js';
import type { HexRunResult } from '../run/result.js';
import { logEvent } from './log-event.js';
import { isLeftRunning } from './run/failures.js';

/** Says in the worker's log how each run and each pipeline ends, whichever way that is. */
export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      async execute(input, next) {
        const end = END_OF.get(workflowInfo().workflowType);
        if (!end) return next(input);
        const [argument] = input.args;
        try {
          const result = await next(input);
          end(argument, (result ?? {}) as Told, null);
          return result;
        } catch (error) {
          // Anything else is a bug, by which the workflow does not end, or a continue-as-new.
          if (error instanceof TemporalFailure) end(argument, detailsOf(error), error);
          throw error;
        }
      },
    },
  ],
});

/** What a result, or the details of a failure, tell of the end; whoever starts a workflow may have sent anything. */
type Told = Partial<HexRunResult & PipelineResult & Pick<PipelineFailureDetails, 'pipeline'>>;

const END_OF = new Map([
  ['hexRun', runEnded],
  ['hexPipeline', pipelineEnded],
]);

function runEnded(input: unknown, told: Told, error: TemporalFailure | null): void {
  say('Run', told, error, (how) => ({
    event: 'run_ended',
    projectId: told.projectId ?? textAt(input, 'projectId'),
    hexRunId: told.runId || null,
    traceId: told.traceId ?? null,
    ...how,
  }));
}

function pipelineEnded(input: unknown, told: Told, error: TemporalFailure | null): void {
  const definition = isObject(input) && isObject(input.pipeline) ? input.pipeline : input;
  const pipeline = told.name ?? told.pipeline ?? textAt(definition, 'name') ?? textAt(input, 'pipeline');
  say('Pipeline', told, error, (how) => ({ event: 'pipeline_ended', pipeline, ...how }));
}

interface How {
  outcome: Outcome;
  failure: string | null;
  durationMs: number;
}

function say(
  what: 'Run' | 'Pipeline',
  told: Told,
  error: TemporalFailure | null,
  event: (how: How) => Parameters<typeof logEvent>[2],
): void {
  const outcome = error ? outcomeOfFailure(error) : outcomeOf(told);
  const failed = outcome === 'failed';
  const type = error instanceof ApplicationFailure ? error.type : error?.name;
  const sinceMs = Date.now() - workflowInfo().startTime.getTime();
  logEvent(
    failed ? 'warn' : 'info',
    `${what} ${WORDS[outcome]}${failed ? `: ${error?.message}` : ''}`,
    event({
      outcome,
      failure: failed ? (type ?? null) : null,
      durationMs: (what === 'Run' ? told.durationMs : told.elapsedMs) ?? sinceMs,
    }),
  );
}

const WORDS: Record<Outcome, string> = {
  completed: 'completed',
  failed: 'failed',
  cancelled: 'was cancelled',
  left_running: 'was cancelled and left running in Hex',
  skipped: 'was skipped',
  joined: 'took the result of another with its key',
  dry_run: 'was only checked by Hex (dry run)',
};

function outcomeOf({ joined, skipped, status }: Told): Outcome {
  if (joined) return 'joined';
  if (skipped) return 'skipped';
  return status === 'DRY_RUN' ? 'dry_run' : 'completed';
}

function outcomeOfFailure(error: TemporalFailure): Outcome {
  if (isCancellation(error)) return 'cancelled';
  return isLeftRunning(error) ? 'left_running' : 'failed';
}

function detailsOf(error: TemporalFailure): Told {
  const details = error instanceof ApplicationFailure ? error.details?.[0] : null;
  return isObject(details) ? (details as Told) : {};
}

function textAt(input: unknown, field: string): string | null {
  const text = isObject(input) ? input[field] : null;
  return typeof text === 'string' ? text : null;
}
