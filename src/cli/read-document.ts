import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import type { JsonValue } from '../pipeline/json.js';
import { UsageError } from './errors.js';

/** Reads a JSON file (by its ending) or a YAML file; `-` is standard input, as YAML, of which JSON is a part. */
export async function readDocument(path: string): Promise<JsonValue> {
  const source = path === '-' ? await text(process.stdin) : await read(path);
  try {
    return path.endsWith('.json') ? JSON.parse(source) : parse(source, { prettyErrors: true });
  } catch (error) {
    const message = error instanceof Error ? error.message.trimEnd() : String(error);
    throw new UsageError('The file', [{ path, message }]);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code ?? error})`;
    throw new UsageError('The file', [{ path, message }]);
  }
}
