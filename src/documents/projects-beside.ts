import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { JsonValue } from '../base/json.js';
import type { Parsed } from '../base/problems.js';
import { PROJECTS_FILE, readProjects } from '../pipeline/definition/declared-projects.js';
import { readDocumentFile } from './file.js';

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
