import { type Document, LineCounter, parseDocument } from 'yaml';
import type { JsonValue } from '../base/json.js';
import { type Parsed, type Problem, pathText } from '../base/problems.js';
import { type Note, problemAt } from './place.js';
import { sizeOfYaml } from './yaml-values.js';

/** Characters and values that a document may have once its aliases are filled in: more than any payload can hold. */
const MOST_EXPANDED = 20_000_000;

/** Reads YAML 1.2 with merge keys (`<<`). Refuses whatever would become something else than what is written. */
export function parseYaml(text: string): Parsed<JsonValue> {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    // Told by sizeOfYaml: the library would compare every key with every other.
    uniqueKeys: false,
    logLevel: 'error',
  });
  const problems: Problem[] = [];
  checkDocument(document, text, (offset, message, path = []) => {
    const { line, col } = lines.linePos(offset);
    const position = { line: Math.max(1, line), column: Math.max(1, col) };
    problems.push(problemAt(position, message, pathText('', path)));
  });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: document.toJS({ maxAliasCount: -1 }) as JsonValue };
}

function checkDocument({ contents, errors, directives }: Document.Parsed, text: string, note: Note): void {
  let noted = 0;
  const noteOne: Note = (...what) => {
    noted++;
    note(...what);
  };
  for (const { code, pos } of errors) {
    if (code === 'MULTIPLE_DOCS') noteOne(pos[0], 'a second document begins here: give it a file of its own');
  }
  if (directives.yaml.explicit && directives.yaml.version !== '1.2')
    noteOne(0, 'YAML is read as version 1.2 here: take out the %YAML line');
  if (text.trim() === '' || contents === null || ('source' in contents && contents.source === ''))
    noteOne(0, 'the file is empty: there is nothing in it but white space and comments');
  else if (sizeOfYaml(contents, text, noteOne) > MOST_EXPANDED)
    noteOne(0, `is larger than ${MOST_EXPANDED} characters when its aliases are filled in`);
  // What follows from the first fault misleads, and so does what follows from a template without quotes.
  const [first] = errors;
  if (first && noted === 0) note(first.pos[0], `is not YAML: ${first.message}`);
}
