import type { PipelineRequest } from '../../pipeline/definition/spec.js';
import type { TriggerKind } from '../../pipeline/definition/trigger-kind.js';
import type { DefinitionSource } from '../../pipeline/execution/result.js';
import type { Plan } from '../../pipeline/plan/plan.js';
import type { PreparedPipeline } from '../../pipeline/plan/prepare.js';
import type { RunScope } from '../../run/scope.js';
import type { Occurrence } from '../../schedule/index.js';
import type { InputRules } from '../input-rules.js';

/** Everything an execution of a pipeline is made from. */
export interface PreparedExecution {
  plan: Plan;
  pipeline: PreparedPipeline;
  request: PipelineRequest;
  run: RunScope;
  source: DefinitionSource | null;
  rules: InputRules;
  /** What started it. */
  trigger: TriggerKind;
  /** How many pipelines this one is inside of. */
  depth: number;
  /** The start that the schedule means instead of this one, where a clock change made Temporal start both; else null. */
  meant: Occurrence | null;
}
