import type { TriggerKind } from '../pipeline/definition/trigger-kind.js';
import type { PipelineStatus } from '../pipeline/execution/result.js';

/** What lists show of an execution of a pipeline: in its search attributes, or in its memo where those are not known. */
export interface PipelineFacts {
  name: string;
  /** ISO 8601, UTC. */
  scheduledTime: string;
  /** Null without a schedule. */
  partition: string | null;
  trigger: TriggerKind;
  owner: string | null;
  tags: string[];
  /** How it stands, as its search attribute says where that is known. Absent before it is other than `running`. */
  status?: PipelineStatus;
  /** It ran nothing. */
  skipped?: true;
}
