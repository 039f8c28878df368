import type { HexPipelineInput, ParamType } from '../pipeline/definition.js';
import { isObject, type JsonValue, own } from '../pipeline/json.js';
import type { PipelinePlan } from '../pipeline/plan-summary.js';
import { refuse } from './errors.js';
import { readParams } from './params.js';
import { readDocumentFile } from './read-document.js';

/** What the commands that take a pipeline file have in common. */
export interface FileOptions {
  param?: string[];
  paramsFile?: string;
}

export const FILE_ARGUMENT =
  'JSON or YAML file: a definition, a list of steps, or {pipeline, params}; "-" for standard input';

/** A pipeline that can be started. */
export interface CheckedPipeline {
  input: HexPipelineInput;
  /** Null where the file only names a pipeline of the worker's folder. */
  plan: PipelinePlan | null;
}

/** Reads a pipeline file with its parameters and checks all that can be known before it is started; every problem at once. */
export async function readPipelineFile(
  file: string,
  { param, paramsFile }: FileOptions = {},
): Promise<CheckedPipeline> {
  const document = await readDocumentFile(file);
  const { params, problems } = await readParams({
    pairs: param,
    file: paramsFile,
    typeOf: declaredTypes(document),
  });
  const input = withParams(document, params);
  const [{ parsePipelineInput }, { planPipeline }] = await Promise.all([
    import('../pipeline/boundary.js'),
    import('../pipeline/plan-summary.js'),
  ]);
  const parsed = parsePipelineInput(input);
  const named = parsed.ok && parsed.value.spec === null;
  const planned = named ? null : planPipeline(input, { scheduledTime: new Date().toISOString() });
  refuse('The pipeline', [...problems, ...(planned?.ok === false ? planned.problems : [])]);
  return { input: input as unknown as HexPipelineInput, plan: planned?.ok ? planned.value : null };
}

/** The types of the parameters as far as the file declares them; whether it does so well is checked later. */
function declaredTypes(document: JsonValue): (name: string) => ParamType | undefined {
  const definition = isObject(document) && isObject(document.pipeline) ? document.pipeline : document;
  const declared = isObject(definition) && isObject(definition.params) ? definition.params : {};
  return (name) => {
    const param = own(declared, name);
    return isObject(param) ? (param.type as ParamType | undefined) : undefined;
  };
}

function withParams(document: JsonValue, params: Record<string, JsonValue> | undefined): JsonValue {
  if (!params) return document;
  if (isObject(document) && document.pipeline !== undefined && document.steps === undefined) {
    const given = isObject(document.params) ? document.params : {};
    return { ...document, params: { ...given, ...params } } as JsonValue;
  }
  return { pipeline: document, params };
}
