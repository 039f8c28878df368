import {
  CancellationScope,
  condition,
  isCancellation,
  patched,
  proxyLocalActivities,
  TemporalFailure,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { HexActivities } from '../../activities/index.js';
import { memo } from '../../contract/memo.js';
import type { PipelineFacts } from '../../contract/pipeline-facts.js';
import { searchAttributes } from '../../contract/search-attributes.js';
import type { PipelineStatus } from '../../pipeline/execution/result.js';
import type { PreparedExecution } from './prepared.js';
import { type PipelineView, projectOf } from './view.js';

/** Local, and not tried again: without an answer, the memo is enough. */
const { pipelinesSearchable } = proxyLocalActivities<HexActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { maximumAttempts: 1 },
});

/** What a server keeps of a text attribute. */
const MOST_CHARACTERS = 255;

/** How a pipeline stands in searches. The others of its progress pass quickly. */
const SHOWN: { [Status in PipelineStatus]?: Status } = {
  running: 'running',
  queued: 'queued',
  waiting: 'waiting',
  paused: 'paused',
  success: 'success',
  skipped: 'skipped',
  failed: 'failed',
  cancelled: 'cancelled',
};

const ENDS: readonly PipelineStatus[] = ['success', 'skipped', 'failed', 'cancelled'];

/** Makes an execution of a pipeline searchable; without its search attributes, lists still read its memo. */
export class PipelineAttributes {
  private readonly view: PipelineView;
  private readonly facts: PipelineFacts;
  /** Of its steps. */
  private readonly projects: readonly string[];
  private readonly announced: Promise<'attributes' | 'memo' | 'nowhere'>;
  private shown: PipelineStatus = 'running';
  private searchable = true;
  private ended = false;

  constructor(prepared: PreparedExecution, view: PipelineView) {
    this.view = view;
    this.facts = factsOf(prepared);
    this.projects = [...new Set(prepared.plan.spec.steps.flatMap((step) => projectOf(step) ?? []))];
    this.announced = patched('pipeline-attributes')
      ? CancellationScope.nonCancellable(() => this.announce())
      : Promise.resolve('nowhere');
  }

  /**
   * Resolves when nothing is asked any more. Every other local activity waits for it: the answers of two at once may come in another
   * order, or together, when the workflow is replayed, and so would the commands that follow them.
   */
  async settled(): Promise<void> {
    await this.announced;
  }

  /** Does the work of the pipeline, and says how it ended. */
  async around<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      await this.end('success');
      return result;
    } catch (error) {
      if (error instanceof TemporalFailure) await this.end(isCancellation(error) ? 'cancelled' : 'failed');
      throw error;
    }
  }

  private async announce(): Promise<'attributes' | 'memo'> {
    const answer = await pipelinesSearchable(this.projects).catch(() => false);
    const { searchable, usual } = typeof answer === 'boolean' ? { searchable: answer, usual: [] } : answer;
    for (const [index, project] of this.projects.entries()) {
      const expected = usual[index];
      if (expected) this.view.usual.set(project, expected);
    }
    if (!searchable) {
      this.searchable = false;
      upsertMemo(memo({ hexFacts: this.facts }));
      if (patched('memo-tells-status')) void this.follow();
      return 'memo';
    }
    const now = this.now('running');
    this.shown = now === 'queued' ? 'running' : now;
    const { name, scheduledTime, partition, trigger, owner, tags } = this.facts;
    upsertSearchAttributes([
      { key: searchAttributes.pipeline, value: name },
      { key: searchAttributes.scheduledTime, value: new Date(scheduledTime) },
      { key: searchAttributes.trigger, value: trigger },
      { key: searchAttributes.status, value: this.shown },
      ...(partition === null
        ? []
        : [{ key: searchAttributes.partition, value: partition.slice(0, MOST_CHARACTERS) }]),
      ...(owner === null ? [] : [{ key: searchAttributes.owner, value: owner }]),
      ...(tags.length === 0 ? [] : [{ key: searchAttributes.tags, value: tags }]),
    ]);
    void this.follow();
    return 'attributes';
  }

  /** Says when it is in line, waits for a person or is paused, and when it goes on. */
  private async follow(): Promise<void> {
    for (let seen = this.shown; ; ) {
      await condition(() => this.ended || this.now(seen) !== seen);
      if (this.ended) return;
      seen = this.now(seen);
      const status = seen === 'queued' && !patched('queued-is-shown') ? 'running' : seen;
      if (status !== this.shown) this.show(status);
    }
  }

  private async end(otherwise: PipelineStatus): Promise<void> {
    this.ended = true;
    const announced = await this.announced;
    const status = ENDS.find((one) => one === this.view.status()) ?? otherwise;
    if (announced === 'attributes') this.show(status);
    // Temporal tells the other ends from each other.
    else if (announced === 'memo' && status === 'skipped')
      upsertMemo(memo({ hexFacts: { ...this.facts, skipped: true } }));
  }

  private now(otherwise: PipelineStatus): PipelineStatus {
    return SHOWN[this.view.status()] ?? otherwise;
  }

  private show(status: PipelineStatus): void {
    this.shown = status;
    if (this.searchable) upsertSearchAttributes([{ key: searchAttributes.status, value: status }]);
    else upsertMemo(memo({ hexFacts: { ...this.facts, status } }));
  }
}

function factsOf({ plan, run, trigger }: PreparedExecution): PipelineFacts {
  const { name, owner, tags } = plan.spec;
  return { name, scheduledTime: run.scheduledTime, partition: run.partition ?? null, trigger, owner, tags };
}
