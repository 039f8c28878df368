import type { WorkflowClient } from '@temporalio/client';
import { searchAttributes } from '../contract/search-attributes.js';
import type { RunClaims } from './dependencies.js';

/** Claims by the search attribute `HexRunId`. */
export function searchAttributeClaims(workflows: WorkflowClient): RunClaims {
  return {
    async claimedByOthers(runIds, workflowId) {
      const ids = runIds.map((id) => JSON.stringify(id)).join(', ');
      const claimed = new Set<string>();
      for await (const owner of workflows.list({ query: `${searchAttributes.runId.name} IN (${ids})` })) {
        const runId = owner.typedSearchAttributes.get(searchAttributes.runId);
        if (owner.workflowId !== workflowId && runId !== undefined) claimed.add(runId);
      }
      return [...claimed];
    },
  };
}
