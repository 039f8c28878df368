import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** Our search attributes. The worker registers them where it may; nothing depends on them. */
export const searchAttributes = {
  projectId: keyword('HexProjectId'),
  runId: keyword('HexRunId'),
  pipeline: keyword('HexPipeline'),
  step: keyword('HexStep'),
  status: keyword('HexStatus'),
  /** The business key of a run or a pipeline. */
  key: keyword('HexKey'),
} as const;
