import type { JsonValue } from '../../base/json.js';
import type { IfExists } from '../../run/key.js';
import type { NotifySpec, StepNotifyEvent } from '../../run/notify.js';
import type { Interval } from '../../run/scope.js';
import type { ScheduleSpec } from '../../schedule/index.js';
import type { SensorSpec } from '../sensor/definition.js';
import type {
  ExecutionReference,
  OnFailure,
  ParamDefinition,
  ProjectDefinition,
  RetryStatus,
  ReusedStep,
} from './definition.js';
import type { TriggerKind } from './trigger-kind.js';
import type { TriggerRule } from './trigger-rules.js';

/** What a step runs. */
export type StepKind = 'hex' | 'pipeline' | 'workflow' | 'approval' | 'http' | 'waitFor';

/** Whether a step of this kind is a child workflow, which takes a place under `maxParallel`. */
export function isChild(kind: StepKind): boolean {
  return kind === 'hex' || kind === 'pipeline' || kind === 'workflow';
}

/** How a step is tried again. Times in ms. */
export interface RetrySpec {
  maxAttempts: number;
  on: RetryStatus[];
  /** Null: by the ending. */
  delayMs: number | null;
  backoff: number;
  maxDelayMs: number;
}

/** A step after parsing: defaults filled in, durations in ms. */
export interface StepSpec {
  id: string;
  kind: StepKind;
  dependsOn: string[];
  triggerRule: TriggerRule;
  when: boolean | string;
  onFailure: OnFailure;
  /** Whether its failure cancels the steps that run beside it. */
  cancelSiblings: boolean;
  decisionWithinMs: number;
  forEach: JsonValue[] | string | null;
  window: number | null;
  retry: RetrySpec;
  /** After its start. */
  deadlineMs: number | null;
  /** Instead of `deadlineMs`: a time of day such as `07:00`. */
  deadlineAt: string | null;
  notify: NotifySpec<StepNotifyEvent>[];
  /** The fields of its kind as they were written, templates included. */
  body: Record<string, JsonValue>;
}

/** A pipeline after parsing: sound, with its defaults. */
export interface PipelineSpec {
  name: string;
  description: string | null;
  owner: string | null;
  /** Each once. */
  tags: string[];
  params: Record<string, ParamDefinition>;
  /** Those of the pipelines above included. */
  projects: Record<string, ProjectDefinition>;
  /** Null: that of the start, else UTC. */
  timezone: string | null;
  /** Its templates not filled in. */
  key: string | null;
  ifExists: IfExists | null;
  /** Null: nothing starts it by itself. */
  schedule: ScheduleSpec | null;
  /** Null: no ending of a run starts it. */
  on: SensorSpec | null;
  maxParallel: number | null;
  timeoutMs: number | null;
  deadlineMs: number | null;
  /** Instead of `deadlineMs`: a time of day such as `07:00`. */
  deadlineAt: string | null;
  freshWithinMs: number | null;
  notify: NotifySpec[];
  steps: StepSpec[];
}

/** The input of `hexPipeline` after parsing. */
export interface PipelineRequest {
  /** Of the definition, or the one to load. */
  name: string;
  /** Null when the definition must be loaded by its name. */
  spec: PipelineSpec | null;
  /** The name to load, where no definition was given. */
  load: string | null;
  params: Record<string, JsonValue>;
  /** Instead of the definition's. */
  key: string | null;
  ifExists: IfExists | null;
  /** What `run.scheduledTime` is to be. Null: the schedule's time, else now. */
  scheduledTime: string | null;
  /** The zone of a definition that has none. */
  timezone: string | null;
  interval: Interval | null;
  partition: string | null;
  /** Null: what Temporal and `rerunOf` say. */
  trigger: TriggerKind | null;
  rerunOf: ExecutionReference | null;
  reuse: Record<string, ReusedStep>;
}

/** A definition with the choices of the one who starts it. */
export function asRequested(spec: PipelineSpec, { key, ifExists }: PipelineRequest): PipelineSpec {
  return { ...spec, key: key ?? spec.key, ifExists: ifExists ?? spec.ifExists };
}
