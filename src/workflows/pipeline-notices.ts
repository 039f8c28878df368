import { CancellationScope, sleep } from '@temporalio/workflow';
import type { NotifyEvent } from '../pipeline/definition.js';
import { formatDuration } from '../pipeline/duration.js';
import type { PipelineSpec } from '../pipeline/pipeline-spec.js';
import { notify } from './pipeline-activities.js';
import type { PipelineExecution } from './pipeline-execution.js';

/** Tells those who asked for it what happens. A message that cannot be delivered becomes a warning, never a failure. */
export class PipelineNotices {
  private readonly spec: PipelineSpec;
  private readonly warnings: string[];
  private readonly open = new Set<Promise<void>>();
  private readonly clock = new CancellationScope();

  constructor(spec: PipelineSpec, warnings: string[]) {
    this.spec = spec;
    this.warnings = warnings;
  }

  /** Sends in the background. */
  tell(event: NotifyEvent, text: string): void {
    for (const { to, on } of this.spec.notify) {
      if (!on.includes(event)) continue;
      const sent = CancellationScope.nonCancellable(() =>
        notify({ to, event, text, pipeline: this.spec.name }),
      )
        .catch(() => {
          this.warnings.push(`The message "${event}" to "${to}" could not be delivered`);
        })
        .then(() => {
          this.open.delete(sent);
        });
      this.open.add(sent);
    }
  }

  /** Tells of a deadline that has passed while the pipeline still runs. */
  watchDeadline(x: PipelineExecution): void {
    const { deadlineMs, name, notify: told } = this.spec;
    if (deadlineMs === null || !told.some(({ on }) => on.includes('deadline'))) return;
    this.clock
      .run(() => sleep(deadlineMs, { summary: 'Deadline of the pipeline' }))
      .then(() => {
        const open = [...x.steps.values()].filter(
          ({ endedAtMs, state }) => endedAtMs === null && state !== 'waiting',
        );
        const names = open.map(({ spec }) => spec.id).join(', ');
        this.tell(
          'deadline',
          `Pipeline "${name}" still runs after ${formatDuration(deadlineMs)}, at: ${names}`,
        );
      })
      .catch(() => undefined);
  }

  /** Tells how it ended, and waits until every message is delivered or given up. */
  async end(event: NotifyEvent, text: string): Promise<void> {
    this.clock.cancel();
    this.tell(event, text);
    await CancellationScope.nonCancellable(async () => {
      await Promise.all(this.open);
    });
  }
}
