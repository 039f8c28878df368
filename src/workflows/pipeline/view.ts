import type { StepSpec } from '../../pipeline/definition/spec.js';
import { expectedEndOf, type Foreseen, foreseenOf } from '../../pipeline/execution/expected-end.js';
import { renderProgress } from '../../pipeline/execution/render-progress.js';
import type { PipelineProgress, PipelineStatus } from '../../pipeline/execution/result.js';
import { isFinal, liveStatusOf, waitingFor } from '../../pipeline/execution/scheduler.js';
import { type Expected, toExpectedEnd } from '../../run/expected-end.js';
import type { ExistingKey } from '../../run/key.js';
import { showDetails } from '../current-details.js';
import type { PipelineExecution } from './execution.js';
import { type EndOfStep, expectedEndOfStep, shownState, stepProgress } from './state.js';

/** What people see of a pipeline: the query `progress`, and the current details in the Web UI. */
export class PipelineView {
  readonly warnings: string[] = [];
  /** How long runs of projects usually take, by `connection/project`, ms. */
  readonly usual = new Map<string, Expected>();
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

  /** Nothing is run here, because the schedule means another start. */
  standDown(shown: Pick<PipelineProgress, 'name' | 'params'>, reason: string): void {
    const now = new Date().toISOString();
    const warnings = [...this.warnings, reason];
    this.aside = { ...STARTING, ...shown, status: 'skipped', startedAt: now, endedAt: now, warnings };
    showDetails(() => renderProgress(this.progress()));
  }

  end(status: PipelineStatus): void {
    this.ended = { status, atMs: Date.now() };
  }

  /** How it stands, without the steps. */
  status(): PipelineStatus {
    const { execution, ended, aside } = this;
    if (!execution) return aside?.status ?? 'starting';
    return ended?.status ?? liveStatus(execution);
  }

  progress(): PipelineProgress {
    const execution = this.execution;
    if (!execution) return this.aside ?? STARTING;
    const { plan, startedAtMs, paused, audit, prepared } = execution;
    const endedAtMs = this.ended?.atMs ?? null;
    const statuses = execution.statuses();
    const foreseen = this.ended ? null : this.foreseen(execution, expectedEndOfStep);
    const expectedEnd = foreseen && expectedEndOf(foreseen, Date.now());
    return {
      name: plan.spec.name,
      ...(plan.spec.description !== null && { description: plan.spec.description }),
      ...(plan.spec.owner !== null && { owner: plan.spec.owner }),
      ...(plan.spec.tags.length > 0 && { tags: plan.spec.tags }),
      status: this.status(),
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
      elapsedMs: (endedAtMs ?? Date.now()) - startedAtMs,
      params: execution.pipeline.params,
      steps: [...execution.steps.values()].map((step) =>
        stepProgress(
          step,
          step.state === 'waiting' ? waitingFor(step.spec, statuses) : null,
          foreseen?.get(step.spec.id),
        ),
      ),
      levels: plan.levels,
      paused,
      audit,
      ...(prepared.source && { source: prepared.source }),
      ...(prepared.request.rerunOf && { rerunOf: prepared.request.rerunOf }),
      ...(execution.pipeline.key && { key: execution.pipeline.key.text }),
      warnings: this.warnings,
      ...(expectedEnd && { expectedEnd: toExpectedEnd(expectedEnd) }),
    };
  }

  /** When the last step is expected to have ended; null where that is not known. */
  expectedEnd(endOf: EndOfStep): Expected | null {
    const { execution, ended } = this;
    return execution && !ended ? expectedEndOf(this.foreseen(execution, endOf), Date.now()) : null;
  }

  private foreseen(execution: PipelineExecution, endOf: EndOfStep): Map<string, Foreseen> {
    const steps = [...execution.steps.values()].map((step) => ({
      id: step.spec.id,
      dependsOn: step.spec.dependsOn,
      ended: isFinal(step.state),
      startedAtMs: step.startedAtMs,
      expectedEnd: endOf(step),
      usualMs: this.usual.get(projectOf(step.spec) ?? '') ?? null,
    }));
    return foreseenOf(steps, Date.now());
  }
}

/** `connection/project` of a step that runs one project, known before it starts. */
export function projectOf({
  kind,
  forEach,
  body: { projectId, connection = 'default' },
}: StepSpec): string | null {
  const plain = typeof projectId === 'string' && typeof connection === 'string' && !projectId.includes('{');
  return kind === 'hex' && forEach === null && plain ? `${connection}/${projectId}` : null;
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

function liveStatus(execution: PipelineExecution): PipelineStatus {
  if (execution.cancelling) return 'cancelling';
  if (execution.paused) return 'paused';
  return liveStatusOf([...execution.steps.values()].map(shownState));
}
