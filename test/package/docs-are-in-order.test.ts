import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const WIDTH = 120;
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'examples/README.md'],
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const read = (page: string) => readFileSync(join(root, page), 'utf8');
const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => path.replaceAll('\\', '/').replace(/\.test\.ts$/, ''));
const folders = new Set(tests.map((path) => path.slice(0, path.indexOf('/'))));

it.each(pages)(`%s keeps to ${WIDTH} columns, tables apart`, (page) => {
  const wide = read(page)
    .split('\n')
    .map((line, at) => ({ line, at: at + 1 }))
    .filter(({ line }) => line.length > WIDTH && !line.startsWith('|'))
    .map(({ line, at }) => `${page}:${at} has ${line.length}`);
  expect(wide).toEqual([]);
});

it.each(pages)('every link of %s leads to a file, and to a heading of it', (page) => {
  const links = [...withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
  const broken = links.filter(([, path = '', anchor]) => {
    const target = path === '' ? join(root, page) : join(root, dirname(page), path);
    return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

it.each(pages)('every test that %s names is a file', (page) => {
  const named = [...read(page).matchAll(/`(?:test\/)?([a-z-]+\/[a-z-]+(?:\.long)?)(?:\.test\.ts)?`/g)]
    .map(([, name = '']) => name)
    .filter((name) => folders.has(name.slice(0, name.indexOf('/'))));
  expect(named.filter((name) => !tests.includes(name))).toEqual([]);
});

it('the promises, the guarantees and SECURITY.md name their tests by folder and file', () => {
  for (const [page, least] of [
    ['docs/promises.md', 14],
    ['docs/guarantees.md', 15],
    ['SECURITY.md', 3],
  ] as const) {
    const named = tests.filter((name) => read(page).includes(`\`${name}\``));
    expect(named.length, page).toBeGreaterThanOrEqual(least);
  }
});

it('README leads to every page', () => {
  const missing = pages.filter((page) => page !== 'README.md' && !read('README.md').includes(`](${page})`));
  expect(missing).toEqual([]);
});

it('README is short', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(100);
});

function withoutCode(markdown: string): string {
  return markdown.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`]*`/g, '');
}

/** The anchors that GitHub gives the headings of a page. */
function anchors(file: string): string[] {
  if (relative(root, file).endsWith('.md') === false) return [];
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
