import { isObject, type JsonValue, own } from '../../base/json.js';
import type { ParsedPipeline } from '../../client/start-pipeline.js';
import { projectsBeside } from '../../documents/projects-beside.js';
import { withProjects } from '../../pipeline/definition/declared-projects.js';
import type { HexPipelineInput, ParamType } from '../../pipeline/definition/definition.js';
import type { PipelinePlan } from '../../pipeline/preview/plan-summary.js';
import type { IfExists } from '../../run/key.js';
import { refuse, UsageError } from '../errors.js';
import { keyFields } from './key-options.js';
import { readParams } from './params.js';
import { readDocumentFile } from './read-document.js';

/** What the commands that take a pipeline file have in common. */
export interface FileOptions {
  param?: string[];
  paramsFile?: string;
  key?: string;
  ifExists?: IfExists;
}

export const FILE_ARGUMENT =
  'JSON or YAML file: a definition, a list of steps, or {pipeline, params}; "-" for standard input';

/** A pipeline that can be started. */
export interface CheckedPipeline extends ParsedPipeline {
  /** Null where the file only names a pipeline of the worker's folder. */
  plan: PipelinePlan | null;
}

/** Nothing is beside standard input. */
const NONE = { ok: true as const, value: {} };

/** Reads a pipeline file with its parameters and checks all that can be known before it is started; every problem at once. */
export async function readPipelineFile(
  file: string,
  { param, paramsFile, ...key }: FileOptions = {},
): Promise<CheckedPipeline> {
  const document = await readDocumentFile(file);
  const { params, problems } = await readParams({
    pairs: param,
    file: paramsFile,
    typeOf: declaredTypes(document),
  });
  const projects = file === '-' ? NONE : await projectsBeside(file);
  const input = withProjects(longForm(document, params, keyFields(key)), projects.ok ? projects.value : {});
  const [{ parsePipelineInput }, { planPipeline }, { sizeProblems }] = await Promise.all([
    import('../../pipeline/boundary.js'),
    import('../../pipeline/preview/plan-summary.js'),
    import('../../base/input-size.js'),
  ]);
  const parsed = parsePipelineInput(input);
  const found = [...(projects.ok ? [] : projects.problems), ...problems];
  if (!parsed.ok) throw new UsageError('The pipeline', [...found, ...parsed.problems]);
  const request = parsed.value;
  const tooLarge = sizeProblems(input);
  const planned =
    request.spec && tooLarge.length === 0
      ? planPipeline(request, { scheduledTime: new Date().toISOString() })
      : null;
  refuse('The pipeline', [...found, ...tooLarge, ...(planned?.ok === false ? planned.problems : [])]);
  return { input: input as unknown as HexPipelineInput, request, plan: planned?.ok ? planned.value : null };
}

/** A pipeline file with what is declared of projects beside it, unchecked: its schedule may give the parameters. */
export async function readUncheckedPipeline(file: string): Promise<HexPipelineInput> {
  const document = await readDocumentFile(file);
  const projects = await projectsBeside(file);
  if (!projects.ok) throw new UsageError('The pipeline', projects.problems);
  return withProjects(document, projects.value) as unknown as HexPipelineInput;
}

/** The types of the parameters as far as the file declares them; whether it does so well is checked later. */
export function declaredTypes(document: JsonValue): (name: string) => ParamType | undefined {
  const definition = isObject(document) && isObject(document.pipeline) ? document.pipeline : document;
  const declared = isObject(definition) && isObject(definition.params) ? definition.params : {};
  return (name) => {
    const param = own(declared, name);
    return isObject(param) ? (param.type as ParamType | undefined) : undefined;
  };
}

/** The document with what the command line adds to it. */
function longForm(
  document: JsonValue,
  params: Record<string, JsonValue> | undefined,
  key: Record<string, JsonValue>,
): JsonValue {
  if (!params && Object.keys(key).length === 0) return document;
  const isLong = isObject(document) && document.pipeline !== undefined && document.steps === undefined;
  const long: Record<string, unknown> = isLong ? document : { pipeline: document };
  const given = isObject(long.params) ? long.params : {};
  return { ...long, ...key, ...(params && { params: { ...given, ...params } }) } as JsonValue;
}
