import { durationOr } from '../../base/duration.js';
import type { JsonObject, JsonValue } from '../../base/json.js';
import type { Parsed } from '../../base/problems.js';
import type { HexRunInput } from '../../run/input.js';
import { renderValue } from '../../templates/values.js';
import type { PipelineDefinition } from '../definition/definition.js';
import type { WorkFields } from '../definition/schema.js';
import type { StepKind, StepSpec } from '../definition/spec.js';
import { type HttpRequestSpec, toHttpRequest } from './http-request.js';
import { toWaitSpec, type WaitSpec } from './wait.js';

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
  | { kind: 'approval'; prompt: string; withinMs: number | null; onTimeout: 'reject' | 'approve' }
  | { kind: 'http'; request: HttpRequestSpec }
  | { kind: 'waitFor'; wait: WaitSpec };

/** Reads the fields of a step's kind, with all templates filled in. */
export type ReadWorkFields = <Kind extends StepKind>(
  kind: Kind,
  fields: JsonObject,
) => Parsed<WorkFields<Kind>>;

/** Fills in the templates of a step and reads what comes out. */
export function readWork(
  step: StepSpec,
  scope: object,
  read: ReadWorkFields,
  path = `steps.${step.id}`,
): Parsed<StepWork> {
  const { pipeline, ...others } = step.body;
  // A definition inside a step has templates of its own, over its own parameters.
  const inner = typeof pipeline === 'object' && pipeline !== null;
  const { value, problems } = renderValue(inner ? others : step.body, scope, path);
  if (problems.length > 0) return { ok: false, problems };
  const work = workOf(step.kind, inner ? { ...value, pipeline } : value, read);
  if (work.ok) return work;
  const below = (place: string) => (place ? `${path}.${place}` : path);
  return { ok: false, problems: work.problems.map((problem) => ({ ...problem, path: below(problem.path) })) };
}

function workOf(kind: StepKind, fields: JsonObject, read: ReadWorkFields): Parsed<StepWork> {
  switch (kind) {
    case 'hex':
      return withValue(read(kind, fields), ({ skipIfFresh, ...input }) => ({
        kind,
        input,
        skipIfFreshMs: durationOr(skipIfFresh, null),
      }));
    case 'pipeline':
      return withValue(read(kind, fields), ({ pipeline, params = {}, timeout }) => ({
        kind,
        pipeline,
        params,
        timeoutMs: durationOr(timeout, null),
      }));
    case 'workflow':
      return withValue(read(kind, fields), ({ workflow, timeout }) => {
        const { type, taskQueue = null, input } = workflow;
        const args = workflow.args ?? (input === undefined ? [] : [input]);
        return { kind, type, taskQueue, args, timeoutMs: durationOr(timeout, null) };
      });
    case 'approval':
      return withValue(read(kind, fields), ({ approval }) => {
        const { prompt, within, onTimeout = 'reject' } = approval;
        return { kind, prompt, withinMs: durationOr(within, null), onTimeout };
      });
    case 'http':
      return withValue(read(kind, fields), ({ http }) => ({ kind, request: toHttpRequest(http) }));
    case 'waitFor':
      return withValue(read(kind, fields), ({ waitFor }) => ({ kind, wait: toWaitSpec(waitFor) }));
  }
}

function withValue<T>(parsed: Parsed<T>, work: (value: T) => StepWork): Parsed<StepWork> {
  return parsed.ok ? { ok: true, value: work(parsed.value) } : parsed;
}
