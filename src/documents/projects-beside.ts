import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject, type JsonValue } from '../base/json.js';
import type { Parsed } from '../base/problems.js';
import { readDocumentFile } from './file.js';

/** The file beside pipeline files that declares the inputs of projects for all of them. */
export const PROJECTS_FILE = 'projects.yaml';

/** What is declared of projects beside a pipeline file. */
export async function projectsBeside(file: string): Promise<Parsed<Record<string, JsonValue>>> {
  const path = join(dirname(file), PROJECTS_FILE);
  if (!existsSync(path)) return { ok: true, value: {} };
  const document = await readDocumentFile(path);
  if (!document.ok) return document;
  const declared = readProjects(document.value);
  if (declared.ok) return declared;
  return { ok: false, problems: declared.problems.map((problem) => ({ ...problem, path })) };
}

/** The declarations in a {@link PROJECTS_FILE}; what they say is checked with the definition that takes them over. */
export function readProjects(document: JsonValue): Parsed<Record<string, JsonValue>> {
  // A pipeline may have that name too.
  if (Array.isArray(document) || (isObject(document) && document.steps !== undefined))
    return { ok: true, value: {} };
  const { projects, ...others } = isObject(document) ? document : { projects: null };
  if (isObject(projects) && Object.keys(others).length === 0) return { ok: true, value: projects };
  const message =
    'must hold what a pipeline file holds under "projects", and nothing else: {"projects": {"<project id>": {"inputs": {"date": "date"}}}}';
  return { ok: false, problems: [{ path: '', message }] };
}
