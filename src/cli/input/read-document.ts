import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { JsonValue } from '../../base/json.js';
import { readDocument } from '../../documents/index.js';
import { UsageError } from '../errors.js';

/** Reads a JSON file (by its ending) or a YAML file; `-` is standard input, as YAML, of which JSON is a part. */
export async function readDocumentFile(path: string): Promise<JsonValue> {
  const document = readDocument(path, path === '-' ? await buffer(process.stdin) : await read(path));
  if (document.ok) return document.value;
  const name = path === '-' ? 'standard input' : path;
  const at = (place: string) => (place ? `${name}: ${place}` : name);
  throw new UsageError(
    'The file',
    document.problems.map((problem) => ({ ...problem, path: at(problem.path) })),
  );
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code ?? error})`;
    throw new UsageError('The file', [{ path, message }]);
  }
}
