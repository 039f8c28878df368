import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplicationFailure } from '@temporalio/common';
import type { JsonValue } from '../base/json.js';
import { formatProblems, type Parsed } from '../base/problems.js';
import { SIZES } from '../base/sizes.js';
import { didYouMean } from '../base/suggest.js';
import { typedFailure } from '../contract/failure.js';
import { readDocument } from '../documents/index.js';
import { PROJECTS_FILE, readProjects } from '../documents/projects-beside.js';
import { parseDefinition } from '../pipeline/boundary.js';
import { withProjects } from '../pipeline/definition/declared-projects.js';
import type { PipelineSpec } from '../pipeline/definition/spec.js';
import type { DefinitionSource } from '../pipeline/execution/result.js';
import type { ActivityDependencies } from './dependencies.js';

/** A definition from the worker's folder, and the file that it is from. */
export interface LoadedPipeline {
  definition: JsonValue;
  source: DefinitionSource;
}

const ENDINGS = ['.yaml', '.yml', '.json'];
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** Reads the definition of that name from the worker's folder of pipelines: `<name>.yaml`, `.yml` or `.json`. */
export const loadPipeline =
  ({ pipelinesDir }: ActivityDependencies) =>
  async (name: string): Promise<LoadedPipeline> => {
    if (!NAME.test(name)) throw unusable(`"${name}" is not the name of a pipeline`);
    if (!pipelinesDir)
      throw unusable(
        `The pipeline "${name}" cannot be looked up: the worker has no folder of pipelines. Set HEX_PIPELINES_DIR in its environment, or give the definition itself`,
      );
    const file = await fileOf(pipelinesDir, name);
    const bytes = await readFile(join(pipelinesDir, file));
    if (bytes.length > SIZES.definitionBytes)
      throw unusable(`${file} is larger than ${SIZES.definitionBytes} bytes: cut it into sub-pipelines`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const definition = withProjects(definitionOf(file, bytes), await projectsIn(pipelinesDir));
    return { definition, source: { name, file, sha256 } };
  };

/** The definition of that name, parsed; one that does not name itself is called after its file. */
export const loadSpec =
  (dependencies: ActivityDependencies) =>
  async (name: string): Promise<Parsed<PipelineSpec>> => {
    const { definition, source } = await loadPipeline(dependencies)(name);
    const parsed = parseDefinition(definition);
    if (!parsed.ok || parsed.value.name !== 'pipeline') return parsed;
    return { ok: true, value: { ...parsed.value, name: source.name } };
  };

async function fileOf(folder: string, name: string): Promise<string> {
  const files = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => !entry.isDirectory() && ENDINGS.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => entry.name);
  const [file, ...others] = ENDINGS.map((ending) => name + ending).filter((one) => files.includes(one));
  if (file && others.length === 0) return file;
  if (file)
    throw unusable(`The pipeline "${name}" has two files, ${file} and ${others.join(', ')}: remove one`);
  const names = files.map((one) => one.replace(/\.\w+$/, '')).filter((one) => NAME.test(one));
  throw unusable(
    `There is no pipeline "${name}" in the worker's folder of pipelines${didYouMean(name, names) || `; it has ${names.sort().join(', ') || 'none'}`}`,
  );
}

/** What the folder declares of projects, for all its pipelines. */
async function projectsIn(folder: string): Promise<Record<string, JsonValue>> {
  const bytes = await readFile(join(folder, PROJECTS_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (bytes === null) return {};
  const declared = readProjects(definitionOf(PROJECTS_FILE, bytes));
  if (declared.ok) return declared.value;
  throw unusable(`${PROJECTS_FILE} ${formatProblems(declared.problems)}`);
}

function definitionOf(file: string, bytes: Buffer): JsonValue {
  const document = readDocument(file, bytes);
  if (document.ok) return document.value;
  throw unusable(`${file} cannot be read:\n${formatProblems(document.problems)}`);
}

function unusable(message: string): ApplicationFailure {
  return typedFailure({ type: 'InvalidInput', message, nonRetryable: true });
}
