import type { TemporalHexClient } from '../../client.js';
import type { PipelineProgress } from '../../pipeline/execution/result.js';
import type { RunProgress } from '../../run/result.js';

/** Where a run or a pipeline stands. Null where no worker answers in time; the server's words for that name no remedy. */
export async function progressWithin(
  client: TemporalHexClient,
  workflowId: string,
  withinMs: number,
  runId?: string,
): Promise<RunProgress | PipelineProgress | null> {
  try {
    return await client.temporal.withDeadline(Date.now() + withinMs, () =>
      client.progress(workflowId, runId),
    );
  } catch (error) {
    const said =
      error instanceof Error ? `${error.message} ${(error.cause as Error | undefined)?.message}` : '';
    if (/no poller|deadline|call cancelled|Workflow Task in failed state/i.test(said)) return null;
    throw error;
  }
}
