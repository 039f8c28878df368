import type { ExecutionRow } from '../../executions/row.js';
import type { Ask } from '../contract.js';
import type { RunReader } from './reader.js';

/** What a pipeline that waits asks people, the first where there are several. */
export async function askOf(reader: RunReader, { workflowId, runId }: ExecutionRow): Promise<Ask | null> {
  const look = await reader.look({ workflowId, executionId: runId }).catch(() => null);
  if (!look || !('steps' in look.progress)) return null;
  const { steps, paused } = look.progress;
  const step = steps.find(({ status }) => status === 'approval' || status === 'decision');
  if (step) {
    const kind = step.status === 'approval' ? 'approval' : 'decision';
    return { step: step.id, kind, text: step.error?.message ?? step.waitingFor ?? '' };
  }
  return (
    paused && {
      step: null,
      kind: 'paused',
      text: `by ${paused.by}${paused.reason ? `: ${paused.reason}` : ''}`,
    }
  );
}
