import type { Problem } from '../base/problems.js';

/** Where something stands in a text, from 1. */
export interface Position {
  line: number;
  column: number;
}

/** A problem at a place of a file: by the path of the value, where there is one, and by line and column. */
export function problemAt({ line, column }: Position, message: string, path = ''): Problem {
  const where = `line ${line}, column ${column}`;
  return { path: path ? `${path} (${where})` : where, message };
}

/** The position of a character. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** Notes what is wrong at a character of a text, with the path of the value where there is one. */
export type Note = (offset: number, message: string, path?: readonly (string | number)[]) => void;
