import { isLenient } from './leniency.js';
import { type Problem, pathText } from './problems.js';

/** Deeper ones are a mistake, such as an object that holds itself. */
const DEEPEST = 200;
/** More are of no use to anybody. */
const MOST_PROBLEMS = 50;
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;

type Path = readonly (string | number)[];

/**
 * What would not reach Hex as it stands: numbers that have lost digits, what JSON has no form for, text that UTF-8 has no form
 * for, and the name `__proto__`, which JavaScript drops on the way. Workflows that began before this check do without it.
 */
export function valueProblems(value: unknown): Problem[] {
  const problems: Problem[] = [];
  if (!isLenient()) visit(value, [], problems);
  return problems;
}

function visit(value: unknown, path: Path, problems: Problem[]): void {
  if (problems.length >= MOST_PROBLEMS) return;
  const wrong = problemOf(value, path.length);
  if (wrong) problems.push({ path: pathText('', path), message: wrong });
  else if (Array.isArray(value)) value.forEach((item, index) => void visit(item, [...path, index], problems));
  else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const at = [...path, name];
      if (name === '__proto__')
        problems.push({
          path: pathText('', at),
          message: 'cannot be a name: JavaScript has a use of its own for it',
        });
      // JSON leaves out what is undefined, as in {timeout: undefined}.
      else if (item !== undefined) visit(item, at, problems);
    }
  }
}

function problemOf(value: unknown, depth: number): string | null {
  switch (typeof value) {
    case 'number':
      return numberProblem(value);
    case 'string':
      return LONE_SURROGATE.test(value)
        ? 'has half a character (a lone surrogate), which UTF-8 has no form for'
        : null;
    case 'boolean':
      return null;
    case 'object':
      if (depth > DEEPEST) return `is nested more than ${DEEPEST} deep`;
      if (value === null || Array.isArray(value) || isPlain(value)) return null;
      return `is a ${value.constructor?.name ?? 'thing'}, which JSON has no form for: write it as text`;
    default:
      return depth === 0
        ? null
        : `is ${typeof value === 'bigint' ? 'a bigint' : `${typeof value}`}, which JSON has no form for: write it as text, or leave it out`;
  }
}

function numberProblem(value: number): string | null {
  if (!Number.isFinite(value))
    return `is ${value}, which JSON has no form for: leave it out, or write it as text`;
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return null;
  return `is ${value}, and a number of that size may have lost digits on its way here: put it in quotes`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
