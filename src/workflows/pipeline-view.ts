import { setCurrentDetails } from '@temporalio/workflow';
import type { PipelineProgress, PipelineStatus, StepProgress } from '../pipeline/pipeline-result.js';
import { renderProgress, tableRow } from '../pipeline/render-progress.js';
import { isFinal, waitingFor } from '../pipeline/scheduler.js';
import type { PipelineExecution } from './pipeline-execution.js';
import { progressOf, type StepRecord } from './pipeline-state.js';

/**
 * Keeps the current details of the workflow (what the Web UI shows) up to date. They are rendered once per activation,
 * however much happens in it, and rows of steps that have not changed are kept.
 */
export class PipelineView {
  readonly warnings: string[] = [];
  private execution: PipelineExecution | null = null;
  private ended: { status: PipelineStatus; atMs: number } | null = null;
  private due = false;
  private readonly kept = new Map<StepRecord, { progress: StepProgress; row: string }>();

  show(execution: PipelineExecution): void {
    this.execution = execution;
  }

  end(status: PipelineStatus): void {
    this.ended = { status, atMs: Date.now() };
    this.render();
  }

  changed(step: StepRecord | null): void {
    if (step) this.forget(step);
    if (this.due) return;
    this.due = true;
    // After everything else that this activation brings.
    void Promise.resolve().then(() => {
      this.due = false;
      this.render();
    });
  }

  /** Everything that is known of the pipeline, fresh. */
  progress(): PipelineProgress {
    this.kept.clear();
    return this.compose();
  }

  private compose(): PipelineProgress {
    const x = this.execution;
    if (!x) return STARTING;
    const { plan, startedAtMs, paused, audit, basis } = x;
    const endedAtMs = this.ended?.atMs ?? null;
    return {
      name: plan.spec.name,
      status: this.ended?.status ?? liveStatus(x),
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
      elapsedMs: (endedAtMs ?? Date.now()) - startedAtMs,
      params: x.prepared.params,
      steps: [...x.steps.values()].map((step) => this.seen(x, step).progress),
      levels: plan.levels,
      paused,
      audit,
      ...(basis.source && { source: basis.source }),
      ...(basis.request.rerunOf && { rerunOf: basis.request.rerunOf }),
      warnings: this.warnings,
    };
  }

  private render(): void {
    const x = this.execution;
    if (!x) return;
    const progress = this.compose();
    const rows = [...x.steps.values()].map((step) => this.seen(x, step).row);
    setCurrentDetails(renderProgress(progress, rows));
  }

  private seen(x: PipelineExecution, step: StepRecord): { progress: StepProgress; row: string } {
    const kept = this.kept.get(step);
    if (kept) return kept;
    const waits = step.state === 'waiting' ? waitingFor(step.spec, x.situation()) : null;
    const progress = progressOf(step, waits);
    const seen = { progress, row: tableRow(progress) };
    this.kept.set(step, seen);
    return seen;
  }

  /** The rows of those who wait for the step change with it. */
  private forget(step: StepRecord): void {
    this.kept.delete(step);
    if (!isFinal(step.state) || !this.execution) return;
    for (const id of this.execution.plan.dependents.get(step.spec.id) ?? []) {
      const dependent = this.execution.steps.get(id);
      if (dependent) this.kept.delete(dependent);
    }
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
  const states = [...x.steps.values()].map(({ state }) => state);
  if (states.some((state) => state === 'running' || state === 'queued' || state === 'retrying'))
    return 'running';
  return states.some((state) => state === 'approval' || state === 'decision') ? 'waiting' : 'running';
}
