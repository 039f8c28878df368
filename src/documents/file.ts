import { readFile } from 'node:fs/promises';
import type { JsonValue } from '../base/json.js';
import type { Parsed, Problem } from '../base/problems.js';
import { readDocument } from './index.js';

/** Reads a JSON file (by its ending) or a YAML file; the problems name the file. */
export async function readDocumentFile(path: string): Promise<Parsed<JsonValue>> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code ?? error})`;
    return { ok: false, problems: [{ path, message }] };
  }
  const document = readDocument(path, bytes);
  if (document.ok) return document;
  return { ok: false, problems: document.problems.map((problem) => inFile(path, problem)) };
}

/** A problem with the name of its document before the place. */
export function inFile(name: string, { path, message }: Problem): Problem {
  return { path: path ? `${name}: ${path}` : name, message };
}
