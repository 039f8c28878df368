import { fileURLToPath } from 'node:url';
import type { JsonValue } from '../base/json.js';
import { InvalidInputError } from '../client.js';
import { readDocumentFile } from '../documents/file.js';
import { projectsBeside } from '../documents/projects-beside.js';
import { withProjects } from '../pipeline/definition/declared-projects.js';
import type { HexPipelineInput } from '../pipeline/definition/definition.js';

/** The pipeline under test: as it is given, or with what stands in its file and beside it. */
export async function readPipeline(
  pipeline: string | URL | HexPipelineInput,
): Promise<{ input: JsonValue; file: string | null }> {
  if (typeof pipeline !== 'string' && !(pipeline instanceof URL))
    return { input: structuredClone(pipeline) as unknown as JsonValue, file: null };
  const file = pipeline instanceof URL ? fileURLToPath(pipeline) : pipeline;
  const document = await readDocumentFile(file);
  if (!document.ok) throw new InvalidInputError('The file', document.problems);
  const projects = await projectsBeside(file);
  if (!projects.ok) throw new InvalidInputError('The file', projects.problems);
  return { input: withProjects(document.value, projects.value), file };
}
