import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import type { JsonValue } from '../base/json.js';
import { type Parsed, type Problem, pathText } from '../base/problems.js';
import { inexactNumber } from '../base/written-number.js';
import { problemAt } from './place.js';

/** Reads JSON. Refuses what `JSON.parse` would change or drop: numbers that do not keep their digits, a key that comes twice. */
export function parseJson(text: string): Parsed<JsonValue> {
  const problems: Problem[] = [];
  let broken: Problem | undefined;
  const keys: Set<string>[] = [];
  const at = (line: number, column: number) => ({ line: line + 1, column: column + 1 });
  visit(
    text,
    {
      onObjectBegin: () => void keys.push(new Set()),
      onObjectEnd: () => void keys.pop(),
      onObjectProperty: (key, _offset, _length, line, column, path) => {
        const known = keys.at(-1);
        if (known?.has(key))
          problems.push(
            problemAt(
              at(line, column),
              `"${key}" comes twice: leave one out`,
              pathText('', [...path(), key]),
            ),
          );
        known?.add(key);
      },
      onLiteralValue: (value, offset, length, line, column, path) => {
        const wrong =
          typeof value === 'number' ? inexactNumber(text.slice(offset, offset + length), value) : null;
        if (wrong) problems.push(problemAt(at(line, column), wrong, pathText('', path())));
      },
      onError: (code, _offset, _length, line, column) => {
        // What follows from the first fault misleads.
        broken ??= problemAt(at(line, column), `is not JSON: ${words(code)}`);
      },
    },
    { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false },
  );
  if (broken) return { ok: false, problems: [broken] };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: JSON.parse(text) };
}

/** `CommaExpected` as "comma expected". */
function words(code: ParseErrorCode): string {
  return printParseErrorCode(code)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
