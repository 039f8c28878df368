/** The page of a workflow in Temporal's Web UI; null where its address is not known. */
export function temporalPage(
  temporalUi: string | null,
  namespace: string,
  workflowId: string,
  runId?: string,
): string | null {
  if (temporalUi === null) return null;
  const page = `${temporalUi}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return runId ? `${page}/${encodeURIComponent(runId)}/history` : page;
}
