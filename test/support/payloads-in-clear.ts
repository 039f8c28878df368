import type { Client } from '@temporalio/client';

/** A payload that no codec has encrypted: the workflow type or schedule, where in it, and what anybody reads there. */
export interface ClearPayload {
  of: string;
  path: string;
  text: string;
}

interface PayloadLike {
  metadata: { encoding: Uint8Array };
  data?: Uint8Array | null;
}

/** In clear by design, docs/encryption.md: search attributes, and what the SDK's core notes of local activities and patches. */
const BY_DESIGN = /\/(searchAttributes|markerRecordedEventAttributes\/details\/(data|patch-data))$/;

/** Every payload in clear that Temporal keeps of the workflows and schedules of a namespace: histories, memos, all of it. */
export async function payloadsInClear(temporal: Client): Promise<ClearPayload[]> {
  const { workflow, schedule } = temporal;
  const { namespace } = temporal.options;
  const found: ClearPayload[] = [];
  for await (const { type, workflowId, runId } of workflow.list()) {
    const execution = { workflowId, runId };
    const handle = workflow.getHandle(workflowId, runId);
    const kept = [
      await handle.fetchHistory(),
      await workflow.workflowService.describeWorkflowExecution({ namespace, execution }),
    ];
    for (const one of kept) collect(type, '', one, found);
  }
  for await (const { scheduleId } of schedule.list()) {
    const kept = await schedule.workflowService.describeSchedule({ namespace, scheduleId });
    collect(scheduleId, '', kept, found);
  }
  return found;
}

function collect(of: string, path: string, value: unknown, found: ClearPayload[]): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (BY_DESIGN.test(path)) return;
  if (isPayload(value)) {
    const encoding = Buffer.from(value.metadata.encoding).toString();
    const text = Buffer.from(value.data ?? []).toString();
    if (encoding !== 'binary/encrypted') found.push({ of, path, text });
    return;
  }
  for (const [key, inner] of Object.entries(value)) collect(of, `${path}/${key}`, inner, found);
}

function isPayload(value: object): value is PayloadLike {
  return 'metadata' in value && (value as PayloadLike).metadata?.encoding instanceof Uint8Array;
}
