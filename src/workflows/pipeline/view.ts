import { renderProgress } from '../../pipeline/execution/render-progress.js';
import type { PipelineProgress, PipelineStatus } from '../../pipeline/execution/result.js';
import { waitingFor } from '../../pipeline/execution/scheduler.js';
import type { ExistingKey } from '../../run/key.js';
import { showDetails } from '../current-details.js';
import type { PipelineExecution } from './execution.js';
import { progressOf } from './state.js';

/** What people see of a pipeline: the query `progress`, and the current details in the Web UI. */
export class PipelineView {
  readonly warnings: string[] = [];
  private execution: PipelineExecution | null = null;
  /** Of an execution that gave way to another with its key. */
  private aside: PipelineProgress | null = null;
  private ended: { status: PipelineStatus; atMs: number } | null = null;

  show(execution: PipelineExecution): void {
    this.execution = execution;
    showDetails(() => renderProgress(this.progress()));
  }

  /** Nothing is run here, because another has the key. */
  giveWay({
    existing,
    ...shown
  }: Pick<PipelineProgress, 'name' | 'params' | 'status'> & { existing: ExistingKey }): void {
    const now = new Date().toISOString();
    const startedAt = this.aside?.startedAt ?? now;
    const ended = shown.status !== 'joining';
    this.aside = {
      ...STARTING,
      ...shown,
      key: existing.key,
      existing,
      startedAt,
      ...(ended && { endedAt: now, elapsedMs: Date.parse(now) - Date.parse(startedAt) }),
    };
    showDetails(() => renderProgress(this.progress()));
  }

  end(status: PipelineStatus): void {
    this.ended = { status, atMs: Date.now() };
  }

  progress(): PipelineProgress {
    const x = this.execution;
    if (!x) return this.aside ?? STARTING;
    const { plan, startedAtMs, paused, audit, basis } = x;
    const endedAtMs = this.ended?.atMs ?? null;
    const situation = x.situation();
    return {
      name: plan.spec.name,
      status: this.ended?.status ?? liveStatus(x),
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
      elapsedMs: (endedAtMs ?? Date.now()) - startedAtMs,
      params: x.prepared.params,
      steps: [...x.steps.values()].map((step) =>
        progressOf(step, step.state === 'waiting' ? waitingFor(step.spec, situation) : null),
      ),
      levels: plan.levels,
      paused,
      audit,
      ...(basis.source && { source: basis.source }),
      ...(basis.request.rerunOf && { rerunOf: basis.request.rerunOf }),
      ...(x.prepared.key && { key: x.prepared.key.text }),
      warnings: this.warnings,
    };
  }
}

const STARTING: PipelineProgress = {
  name: 'pipeline',
  status: 'starting',
  startedAt: '',
  endedAt: null,
  elapsedMs: 0,
  params: {},
  steps: [],
  levels: [],
  paused: null,
  audit: [],
  warnings: [],
};

function liveStatus(x: PipelineExecution): PipelineStatus {
  if (x.cancelling) return 'cancelling';
  if (x.paused) return 'paused';
  const states = new Set([...x.steps.values()].map(({ state }) => state));
  if (states.has('running') || states.has('queued') || states.has('retrying')) return 'running';
  return states.has('approval') || states.has('decision') ? 'waiting' : 'running';
}
