import { executeChild, ParentClosePolicy } from '@temporalio/workflow';
import type { hexPipeline } from 'temporal-hex/workflows';

/** A workflow of another team: it refreshes Hex in the middle of its own work. */
export async function closeTheBooks(month: string): Promise<string> {
  const refreshed = await executeChild<typeof hexPipeline>('hexPipeline', {
    // The queue of the temporal-hex worker; this team's own worker need not know anything of Hex.
    taskQueue: 'hex',
    workflowId: `books-${month}`,
    args: [
      {
        name: 'books',
        steps: [
          { id: 'ledger', projectId: 'ledger-project-id', inputParams: { month } },
          { id: 'report', projectId: 'report-project-id', inputParams: { month } },
        ],
      },
    ],
    // If this workflow is terminated, the pipeline cancels its runs in Hex.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
  });
  return `Books of ${month} closed after ${Object.keys(refreshed.steps).length} Hex runs`;
}
