import type { TriggerKind } from '../pipeline/definition/trigger-kind.js';

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
  /** It ran nothing. */
  skipped?: true;
}
