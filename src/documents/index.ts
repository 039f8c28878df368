/** The one reader of documents: pipeline files of the command and of the worker's folder, files of parameters. */
import type { JsonValue } from '../base/json.js';
import type { Parsed } from '../base/problems.js';
import { decode } from './decode.js';
import { parseJson } from './json.js';
import { parseYaml } from './yaml.js';

export { parseJson } from './json.js';

/**
 * Reads a document so that what is written is what is sent, or it is refused with line, column and mend. By its name a
 * file is JSON (`.json`) or YAML 1.2, of which JSON is a part.
 */
export function readDocument(name: string, bytes: Buffer): Parsed<JsonValue> {
  const text = decode(bytes);
  if (!text.ok) return text;
  try {
    return name.endsWith('.json') ? parseJson(text.value) : parseYaml(text.value);
  } catch (error) {
    // The readers go down into a document by recursion.
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, problems: [{ path: '', message: 'the document is nested too deep to be read' }] };
  }
}
