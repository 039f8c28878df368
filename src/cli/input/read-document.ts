import { buffer } from 'node:stream/consumers';
import type { JsonValue } from '../../base/json.js';
import type { Parsed } from '../../base/problems.js';
import { inFile, readDocumentFile as readFile } from '../../documents/file.js';
import { readDocument } from '../../documents/index.js';
import { UsageError } from '../errors.js';

/** Reads a JSON file (by its ending) or a YAML file; `-` is standard input, as YAML, of which JSON is a part. */
export async function readDocumentFile(path: string): Promise<JsonValue> {
  const document = path === '-' ? await readStandardInput() : await readFile(path);
  if (document.ok) return document.value;
  throw new UsageError('The file', document.problems);
}

async function readStandardInput(): Promise<Parsed<JsonValue>> {
  const document = readDocument('-', await buffer(process.stdin));
  if (document.ok) return document;
  return { ok: false, problems: document.problems.map((problem) => inFile('standard input', problem)) };
}
