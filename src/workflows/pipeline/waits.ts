import { getExternalWorkflowHandle, patched, workflowInfo } from '@temporalio/workflow';
import { memoOf } from '../../contract/memo.js';
import { type ChildProgress, stepProgressSignal } from '../../contract/messages.js';
import type { SliceProgress } from '../../contract/slice.js';
import { isFinal } from '../../pipeline/execution/scheduler.js';
import type { PipelineExecution } from './execution.js';
import { type Unit, waitOf } from './state.js';

/** What its children say of their runs; a pipeline that is a step says so above in turn. */
export class ChildWaits {
  private told: string | null = null;

  note(execution: PipelineExecution, told: ChildProgress): void {
    const unit = execution.unit(told.step)?.unit;
    if (!unit) return;
    noteProgress(unit, told);
    void this.tellAbove(execution);
  }

  noteSlice(execution: PipelineExecution, told: SliceProgress): void {
    execution.steps.get(told.step)?.slices?.note(told);
    void this.tellAbove(execution);
  }

  /** The first wait, where it is another than the one that was told. */
  private async tellAbove({ steps }: PipelineExecution): Promise<void> {
    const { parent } = workflowInfo();
    const { hexStep } = memoOf(workflowInfo());
    const waiting = [...steps.values()].find((step) => !isFinal(step.state) && waitOf(step) !== null);
    const waitingFor = waiting ? `${waiting.spec.id}: ${waitOf(waiting)}` : null;
    if (!parent || !hexStep || waitingFor === this.told || !patched('sub-pipelines-tell-of-waits')) return;
    this.told = waitingFor;
    await getExternalWorkflowHandle(parent.workflowId, parent.runId)
      .signal(stepProgressSignal, { step: hexStep, runId: null, runUrl: null, waitingFor })
      .catch(() => undefined); // It has closed, and is told by our result.
  }
}

/** What a child says of its run. */
export function noteProgress(unit: Unit, told: ChildProgress): void {
  const { runId, runUrl = null, waitingFor = null, expectedEnd = null } = told;
  unit.expectedEnd = expectedEnd;
  if (runId) unit.run = { runId, runUrl };
  if (unit.state === 'running') unit.waitingFor = waitingFor;
}
