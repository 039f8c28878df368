import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { endingOf } from '../../src/pipeline/execution/retry.js';
import { FAILURE_TYPES, type FailureKind } from '../../src/run/failure-types.js';

const root = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const kinds: [string, FailureKind][] = Object.entries(FAILURE_TYPES);
const sources = readdirSync(fileURLToPath(new URL('src', root)), { recursive: true, encoding: 'utf8' })
  .map((path) => `src/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.ts') && path !== 'src/run/failure-types.ts')
  .map((path) => ({ path, text: read(path) }));

it('docs/failures.md has every type, with when it occurs and what to do', () => {
  const [, table = ''] = /\n## All types\n([\s\S]*?)\n## /.exec(read('docs/failures.md')) ?? [];
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(kinds.map(([type, kind]) => rowOf(type, kind)));
});

it('every type says when it occurs and what to do, in sentences', () => {
  for (const [type, { of, when, remedy }] of kinds) {
    expect(of.length, type).toBeGreaterThan(0);
    expect(when, type).toMatch(/^[A-Z].*\.$/);
    expect(remedy, type).toMatch(/^[A-Z`].*\.$/);
  }
});

it('no failure is made but with a type of the list', () => {
  const made = /ApplicationFailure\.(create|nonRetryable|retryable|fromError)\(|new ApplicationFailure\(/;
  expect(sources.filter(({ text }) => made.test(text)).map(({ path }) => path)).toEqual([
    'src/contract/failure.ts',
  ]);
});

it('every type of the list is one that the code makes', () => {
  const all = sources.map(({ text }) => text).join('\n');
  expect(kinds.map(([type]) => type).filter((type) => !all.includes(`'${type}'`))).toEqual([]);
});

it.each(kinds)('%s: another attempt of a step is made as the list says', (type, { of, retry }) => {
  if (of.includes('hexRun')) expect(endingOf('hex', type, true)).toBe(retry);
  else if (type.startsWith('Approval')) expect(endingOf('approval', type, true)).toBe(retry);
  else if (of.includes('hexPipeline') || of.includes('a step'))
    expect(endingOf('pipeline', type, true)).toBe(retry);
  else expect(retry).toBeNull();
});

it.each([
  ['hexRun', 'src/workflows/hex-run.ts'],
  ['hexPipeline', 'src/workflows/hex-pipeline.ts'],
])('the comment of %s names the types that it ends with', (workflow, file) => {
  const [comment = ''] = read(file).match(/\/\*\*\n(?: \*.*\n)+(?=export async function hex)/) ?? [];
  const named = [...comment.matchAll(/`(\w+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => name in FAILURE_TYPES);
  const ends = kinds.filter(([, { of }]) => of.includes(workflow)).map(([type]) => type);
  expect(named.sort()).toEqual(ends.sort());
});

function rowOf(type: string, { of, when, remedy, retry }: FailureKind): string {
  const where = of
    .map((one) => one.replace(/\b(hex[A-Z]\w+|triggerRun|cancelRun|notify)\b/g, '`$1`'))
    .join(', ');
  return `| \`${type}\` | ${where} | ${when} | ${remedy} | ${retry === null ? '' : `\`${retry}\``} |`;
}
