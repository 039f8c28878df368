import { isObject, type JsonObject, type JsonValue } from '../base/json.js';
import { isLenient } from '../base/leniency.js';
import type { Problem } from '../base/problems.js';
import { inexactNumber } from '../base/written-number.js';
import { contentsOf, isTemplate, renderText, type VariablePath } from './engine.js';

/** What templates may refer to at some place: checked before anything runs. */
export interface ScopeShape {
  /** Names that may follow a root, or null where any may. A root that is not listed is an unknown variable. */
  roots: Record<string, readonly string[] | null>;
  /** Why a root or name that exists elsewhere is not to be had here, by `root` or `root.name`. */
  whyNot?: (path: VariablePath) => string | null;
  /** Names that may follow `root.name`, where they are known. */
  fields?: (root: string, name: string) => readonly string[] | null;
}

/** Whether any text in the value is a template. */
export function hasTemplates(value: JsonValue | undefined): boolean {
  if (typeof value === 'string') return isTemplate(value);
  if (Array.isArray(value)) return value.some(hasTemplates);
  return isObject(value) && Object.values(value).some(hasTemplates);
}

/** Every variable that the templates of a value refer to. */
export function variablesIn(value: JsonValue | undefined): VariablePath[] {
  const found: VariablePath[] = [];
  eachText(value, '', (text) => {
    const result = contentsOf(text);
    if ('variables' in result) found.push(...result.variables);
  });
  return found;
}

/** Everything that is wrong with the templates of a value, without rendering them. */
export function templateProblems(value: JsonValue | undefined, shape: ScopeShape, path: string): Problem[] {
  const lenient = isLenient();
  const problems = lenient ? [] : nameProblems(value, path);
  eachText(value, path, (text, at) => {
    const result = contentsOf(text);
    const wrong =
      'error' in result
        ? [result.error]
        : [
            ...result.variables.map((variable) => unknownVariable(variable, shape)),
            ...(lenient ? [] : result.numbers.map((written) => inexactNumber(written, Number(written)))),
          ];
    for (const message of wrong) {
      if (message) problems.push({ path: at, message: `${message} in ${quoted(text)}` });
    }
  });
  return problems;
}

/** Templates that stand as a name: names are sent as they are written. */
function nameProblems(value: JsonValue | undefined, path: string): Problem[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => nameProblems(item, `${path}[${index}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const at = path ? `${path}.${name}` : name;
    if (!isTemplate(name)) return nameProblems(item, at);
    return [{ path: at, message: 'a template cannot be a name: write the name out' }];
  });
}

/** The value with all its templates filled in, or every problem. */
export function renderValue(
  value: JsonObject,
  scope: object,
  path?: string,
): { value: JsonObject; problems: Problem[] };
export function renderValue(
  value: JsonValue,
  scope: object,
  path?: string,
): { value: JsonValue; problems: Problem[] };
export function renderValue(
  value: JsonValue,
  scope: object,
  path = '',
): { value: JsonValue; problems: Problem[] } {
  const problems: Problem[] = [];
  const render = (part: JsonValue, at: string): JsonValue => {
    if (typeof part === 'string') {
      if (!isTemplate(part)) return part;
      const result = renderText(part, scope);
      if ('value' in result) return result.value;
      problems.push({ path: at, message: `${result.error} in ${quoted(part)}` });
      return null;
    }
    if (Array.isArray(part)) return part.map((item, index) => render(item, `${at}[${index}]`));
    if (!isObject(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, item]) => [key, render(item, at ? `${at}.${key}` : key)]),
    );
  };
  return { value: render(value, path), problems };
}

function eachText(
  value: JsonValue | undefined,
  path: string,
  visit: (text: string, path: string) => void,
): void {
  if (typeof value === 'string') {
    if (isTemplate(value)) visit(value, path);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      eachText(item, `${path}[${index}]`, visit);
    });
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) eachText(item, path ? `${path}.${key}` : key, visit);
  }
}

function unknownVariable(variable: VariablePath, { roots, whyNot, fields }: ScopeShape): string | null {
  const [root, name, field] = variable;
  if (typeof root !== 'string') return null;
  const dotted = variable.map((part) => part ?? '*').join('.');
  const why = whyNot?.(variable);
  if (why) return `"${dotted}" cannot be used here: ${why};`;
  const names = Object.hasOwn(roots, root) ? roots[root] : undefined;
  if (names === undefined)
    return `"${dotted}" is not known: the variables here are ${Object.keys(roots).join(', ')};`;
  if (names === null || name === null) return null;
  const list = (known: readonly string[]) => (known.length > 0 ? known.join(', ') : 'none');
  if (name === undefined) return null;
  if (!names.includes(String(name))) return `"${dotted}" is not known: "${root}" has ${list(names)};`;
  const known = fields?.(root, String(name));
  if (!known || field === undefined || field === null || known.includes(String(field))) return null;
  return `"${dotted}" is not known: "${root}.${name}" has ${list(known)};`;
}

function quoted(text: string): string {
  return text.length > 120 ? `"${text.slice(0, 117)}..."` : `"${text}"`;
}
