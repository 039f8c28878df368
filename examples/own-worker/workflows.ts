import { executeChild } from '@temporalio/workflow';
import { hexRun } from 'temporal-hex/workflows';

export * from 'temporal-hex/workflows';

/** A workflow of yours that runs a Hex project in the middle of its own work, on the same worker. */
export async function monthEnd(month: string): Promise<string> {
  const { runUrl } = await executeChild(hexRun, {
    args: [{ projectId: 'extract-project-id', inputParams: { month } }],
  });
  return `${month}: ${runUrl}`;
}
