// Makes a release ready: `npm run release -- 0.2.0`. Checks everything, sets the version, gives the changelog its
// heading, commits and tags. It pushes nothing; the tag, once pushed, is published by .github/workflows/release.yml.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { released } from './changelog.js';
import { withImageVersion } from './manifest-version.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

const [version = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(version))
  throw new Error(`"${version}" is no version: npm run release -- 0.2.0`);
if (git('status', '--porcelain') !== '') throw new Error('There are uncommitted changes');
if (git('tag', '--list', `v${version}`) !== '') throw new Error(`There is a tag v${version} already`);

const file = `${root}CHANGELOG.md`;
const changelog = released(readFileSync(file, 'utf8'), version, new Date().toISOString().slice(0, 10));
run('npm', 'run', 'verify');
writeFileSync(file, changelog);
run('npm', 'version', version, '--no-git-tag-version', '--allow-same-version');
for (const manifest of git('ls-files', 'deploy/kubernetes').split('\n'))
  writeFileSync(root + manifest, withImageVersion(readFileSync(root + manifest, 'utf8'), version));
run(
  'git',
  'commit',
  '--quiet',
  '--message',
  `Release ${version}`,
  'CHANGELOG.md',
  'package.json',
  'package-lock.json',
  'deploy/kubernetes',
);
run('git', 'tag', '--annotate', `v${version}`, '--message', `temporal-hex ${version}`);
console.log(`Tagged v${version}. To publish it: git push --follow-tags`);
