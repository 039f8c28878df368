import type { WorkflowClient } from '@temporalio/client';
import { searchAttributes } from '../contract/search-attributes.js';
import { lenient } from '../executions/lenient.js';
import type { RunOwners } from './dependencies.js';

/** Owners by the search attribute `HexRunId`. */
export function searchAttributeOwners(workflows: WorkflowClient): RunOwners {
  return {
    async ownedByOthers(runIds, workflowId) {
      const ids = runIds.map((id) => JSON.stringify(id)).join(', ');
      const owned = new Set<string>();
      for await (const owner of lenient(workflows).list({
        query: `${searchAttributes.runId.name} IN (${ids})`,
      })) {
        const runId = owner.typedSearchAttributes.get(searchAttributes.runId);
        if (owner.workflowId !== workflowId && runId !== undefined) owned.add(runId);
      }
      return [...owned];
    },
  };
}
