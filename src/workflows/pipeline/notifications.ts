import { CancellationScope, patched, workflowInfo } from '@temporalio/workflow';
import { memoOf } from '../../contract/memo.js';
import type { NotificationRequest } from '../../notifications/notification.js';
import type { PipelineSpec } from '../../pipeline/definition/spec.js';
import { type NotifyEvent, type StepNotifyEvent, wantedBy } from '../../run/notify.js';
import { sendNotifications, webhookProblems } from '../notifications.js';
import { invalidInput } from '../run/failures.js';
import type { PipelineAttributes } from './attributes.js';
import type { StepRecord } from './state.js';

/** What asks for somebody while a pipeline runs. */
const LIVE: readonly string[] = ['waiting', 'deadline', 'at_risk'];

/**
 * Sends the notifications that the definition asks for. One that cannot be delivered becomes a warning, never a
 * failure.
 */
export class PipelineNotifications {
  private readonly spec: PipelineSpec;
  private readonly warnings: string[];
  private readonly open = new Set<Promise<void>>();
  /** A backfill tells how it ended once, for all of its pipelines. */
  private readonly inBackfill = memoOf(workflowInfo()).hexBackfill !== undefined;

  constructor(spec: PipelineSpec, warnings: string[]) {
    this.spec = spec;
    this.warnings = warnings;
  }

  /** Refuses names of webhooks that this worker does not know, before a step starts. */
  async check(attributes: PipelineAttributes): Promise<void> {
    const { notify, steps } = this.spec;
    const lists = [
      ['notify', notify] as const,
      ...steps.map((step) => [`steps.${step.id}.notify`, step.notify] as const),
    ].filter(([, list]) => list.length > 0);
    if (lists.length === 0 || !patched('webhooks-checked')) return;
    await attributes.settled();
    const problems = await webhookProblems(Object.fromEntries(lists));
    if (problems.length > 0) throw invalidInput('hexPipeline', problems);
  }

  /** Of a step: that it waits or misses its deadline, which the pipeline's own `notify` may want to know too, or how it ended. */
  sendOfStep(step: StepRecord, event: StepNotifyEvent, text: string): void {
    const alsoOfPipeline = LIVE.includes(event);
    const asked = alsoOfPipeline ? [...this.spec.notify, ...step.spec.notify] : step.spec.notify;
    if (asked.length === 0) return;
    this.send(wantedBy(asked, event), {
      event,
      text,
      ...aboutPipeline(this.spec),
      step: step.spec.id,
      ...runOf(step),
    });
  }

  /**
   * Of how it ended, and waits until every notification is delivered or given up. `failed` is the step that failed
   * first.
   */
  async end(event: NotifyEvent, text: string, failed: StepRecord | null = null): Promise<void> {
    this.sendOfPipeline(event, text, failed);
    await CancellationScope.nonCancellable(async () => {
      await Promise.all(this.open);
    });
  }

  sendOfPipeline(event: NotifyEvent, text: string, step: StepRecord | null = null): void {
    this.send(wantedBy(this.spec.notify, event), {
      event,
      text,
      ...aboutPipeline(this.spec),
      ...(step && runOf(step)),
    });
  }

  /** Sends in the background. */
  private send(targets: readonly string[], request: Omit<NotificationRequest, 'to'>): void {
    if (targets.length === 0 || (this.inBackfill && !LIVE.includes(request.event))) return;
    const sent = sendNotifications(targets, request).then((lost) => {
      for (const to of lost)
        this.warnings.push(`The notification "${request.event}" to "${to}" could not be delivered`);
      this.open.delete(sent);
    });
    this.open.add(sent);
  }
}

/** What a notification says of the pipeline. */
function aboutPipeline({ name, description, owner, tags }: PipelineSpec) {
  return { pipeline: name, description, owner, tags };
}

/** The run in Hex that a step's notification points to. */
function runOf({
  error,
  result,
}: StepRecord): Pick<NotificationRequest, 'projectId' | 'hexRunId' | 'hexUrl'> {
  const ran = error ?? (result && 'runId' in result ? result : null);
  if (!ran?.runId) return {};
  const { projectId, runId, runUrl } = ran;
  return { ...(projectId !== null && { projectId }), hexRunId: runId, hexUrl: runUrl };
}
