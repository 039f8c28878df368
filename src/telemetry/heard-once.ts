import type { LogMetadata } from '@temporalio/common';
import type { LogEvent } from '../contract/log-events.js';

/** As many events are remembered: those of the last hours, for a task is done again within minutes. */
const MOST = 10_000;

/**
 * Tells events that have been heard before. A workflow task or an activity whose answer is lost, or refused because
 * something came meanwhile, is done again and says again what it has said.
 */
export class HeardOnce {
  readonly #heard = new Set<string>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** @param attributes of the line: those of a workflow have its `runId`, those of an activity its `workflowRunId` */
  isNew(event: LogEvent, attributes: LogMetadata): boolean {
    const subject = subjectOf(event);
    const execution = attributes.workflowRunId ?? attributes.runId;
    if (subject === null || execution === undefined) return true;
    const key = `${execution} ${event.event} ${subject}`;
    if (this.#heard.has(key)) return false;
    this.#heard.add(key);
    const [oldest] = this.#heard;
    if (this.#heard.size > this.#most && oldest !== undefined) this.#heard.delete(oldest);
    return true;
  }
}

/** What an event happens to, once in an execution of a workflow: empty for the execution itself, null where it may happen again. */
function subjectOf(event: LogEvent): string | null {
  switch (event.event) {
    case 'run_started':
    case 'run_adopted':
    case 'run_end_seen':
    case 'cleanup_failed':
      return event.hexRunId;
    case 'run_reused':
      return `${event.step} ${event.hexRunId}`;
    case 'run_ended':
    case 'pipeline_started':
    case 'pipeline_ended':
    case 'strays_found':
      return '';
    case 'run_in_line':
    case 'step_waiting':
    case 'step_ended':
      return null;
  }
}
