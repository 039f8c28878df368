import { log, workflowInfo } from '@temporalio/workflow';
import type { LogEvent } from '../contract/log-events.js';
import { memoOf } from '../contract/memo.js';

/** Says in the worker's log what happens; not again when the history is replayed. */
export function logEvent(level: 'info' | 'warn' | 'error', message: string, event: LogEvent): void {
  const { hexPipeline, hexStep } = memoOf(workflowInfo());
  log[level](message, {
    ...(hexPipeline && { pipeline: hexPipeline }),
    ...(hexStep && { step: hexStep }),
    ...event,
  });
}
