import { type Duration, durationMs } from '../../base/duration.js';
import type { JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import type { HexRunInput } from '../../run/input.js';
import { renderValue } from '../../templates/values.js';
import type { PipelineDefinition } from '../definition/definition.js';
import type { StepKind, StepSpec } from '../definition/spec.js';

/** What an attempt of a step does, with all templates filled in. */
export type StepWork =
  | { kind: 'hex'; input: HexRunInput; skipIfFreshMs: number | null }
  | {
      kind: 'pipeline';
      pipeline: PipelineDefinition | string;
      params: Record<string, JsonValue>;
      timeoutMs: number | null;
    }
  | { kind: 'workflow'; type: string; taskQueue: string | null; args: JsonValue[]; timeoutMs: number | null }
  | { kind: 'approval'; prompt: string; withinMs: number | null; onTimeout: 'reject' | 'approve' };

/** Checks the rendered fields of a step against the schema of its kind. */
export type CheckFields = (kind: StepKind, fields: Record<string, JsonValue>) => Problem[];

/** Fills in the templates of a step and checks what comes out. */
export function readWork(
  step: StepSpec,
  scope: object,
  check: CheckFields,
  path = `steps.${step.id}`,
): Parsed<StepWork> {
  const { pipeline, ...others } = step.body;
  // A definition inside a step has templates of its own, over its own parameters.
  const inner = typeof pipeline === 'object' && pipeline !== null;
  const rendered = renderValue(inner ? others : step.body, scope, path);
  const fields = { ...(rendered.value as Record<string, JsonValue>), ...(inner && { pipeline }) };
  const problems =
    rendered.problems.length > 0
      ? rendered.problems
      : check(step.kind, fields).map((problem) => ({
          ...problem,
          path: problem.path ? `${path}.${problem.path}` : path,
        }));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: workOf(step.kind, fields) };
}

/** The fields have been checked. */
function workOf(kind: StepKind, fields: Record<string, JsonValue>): StepWork {
  const { timeout } = fields as { timeout?: Duration };
  switch (kind) {
    case 'hex': {
      const { skipIfFresh, ...input } = fields as unknown as HexRunInput & { skipIfFresh?: Duration };
      return { kind, input, skipIfFreshMs: msOf(skipIfFresh) };
    }
    case 'pipeline': {
      const { pipeline, params = {} } = fields as unknown as {
        pipeline: PipelineDefinition | string;
        params?: Record<string, JsonValue>;
      };
      return { kind, pipeline, params, timeoutMs: msOf(timeout) };
    }
    case 'workflow': {
      const { workflow } = fields as unknown as {
        workflow: { type: string; taskQueue?: string; input?: JsonValue; args?: JsonValue[] };
      };
      const { type, taskQueue = null, input } = workflow;
      const args = workflow.args ?? (input === undefined ? [] : [input]);
      return { kind, type, taskQueue, args, timeoutMs: msOf(timeout) };
    }
    case 'approval': {
      const { approval } = fields as unknown as {
        approval: { prompt: string; within?: Duration; onTimeout?: 'reject' | 'approve' };
      };
      const { prompt, within, onTimeout = 'reject' } = approval;
      return { kind, prompt, withinMs: msOf(within), onTimeout };
    }
  }
}

function msOf(duration: Duration | undefined): number | null {
  return duration === undefined ? null : durationMs(duration);
}
