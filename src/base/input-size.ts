import { type Problem, pathText } from './problems.js';

/** What a Temporal server takes as one input (its `limit.blobSize.error`). */
const MOST_BYTES = 2 * 1024 * 1024;

/** Says of an input that is too large for Temporal by how much it is, and which part of it is the largest. */
export function sizeProblems(input: unknown, path = ''): Problem[] {
  const bytes = bytesOf(input);
  if (bytes <= MOST_BYTES) return [];
  const part = largestPart(input);
  const largest = part.length > 0 ? `; ${pathText('', part)} is the largest part of it` : '';
  const message = `is ${megabytes(bytes)} MB as JSON, ${megabytes(bytes - MOST_BYTES)} MB more than the 2 MB that Temporal takes${largest}: put it where Hex can read it, and pass its name`;
  return [{ path: path || 'the input', message }];
}

/** The path to the deepest part that makes up most of the whole. */
function largestPart(input: unknown): string[] {
  const half = bytesOf(input) / 2;
  const path: string[] = [];
  for (let value = input; typeof value === 'object' && value !== null && !Array.isArray(value); ) {
    const large = Object.entries(value).find(([, part]) => bytesOf(part) > half);
    if (!large) break;
    path.push(large[0]);
    value = large[1];
  }
  return path;
}

/** Bytes of the value as JSON in UTF-8. */
function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value) ?? '').length;
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(2);
}
