import { executeChild, ParentClosePolicy, workflowInfo } from '@temporalio/workflow';
import type { hexPipeline } from '../../src/workflows/index.js';

interface Request {
  hexTaskQueue: string;
  steps: { id: string; projectId: string }[];
}

/** As in examples/other-team, with the queue of the test. */
export async function closeTheBooks({ hexTaskQueue, steps }: Request): Promise<string> {
  const refreshed = await executeChild<typeof hexPipeline>('hexPipeline', {
    taskQueue: hexTaskQueue,
    workflowId: `${workflowInfo().workflowId}-books`,
    args: [{ name: 'books', steps }],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
  });
  return `closed after ${Object.keys(refreshed.steps).join(', ')}`;
}
