import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** The search attributes of a run. The worker registers them where it may; nothing depends on them. */
export const searchAttributes = {
  projectId: keyword('HexProjectId'),
  runId: keyword('HexRunId'),
  pipeline: keyword('HexPipeline'),
  step: keyword('HexStep'),
  status: keyword('HexStatus'),
} as const;
