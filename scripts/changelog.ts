// The changelog's part in a release. `check VERSION` fails unless package.json and CHANGELOG.md have that version.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const UNRELEASED = '## Unreleased\n';

/** The changelog with what was unreleased under a heading of its own; fails when there is nothing to release. */
export function released(changelog: string, version: string, date: string): string {
  const at = changelog.indexOf(UNRELEASED);
  if (at === -1) throw new Error('CHANGELOG.md has no heading "## Unreleased"');
  const rest = changelog.slice(at + UNRELEASED.length);
  const next = rest.search(/^## /m);
  const entries = next === -1 ? rest : rest.slice(0, next);
  if (!/^- /m.test(entries)) throw new Error('CHANGELOG.md says nothing under "## Unreleased"');
  return `${changelog.slice(0, at)}${UNRELEASED}\n## ${version} (${date})\n${rest}`;
}

/** What keeps a version from being published; empty when nothing does. */
export function problemsOf(
  version: string,
  { manifest, changelog }: { manifest: { version: string }; changelog: string },
): string[] {
  const problems: string[] = [];
  if (manifest.version !== version)
    problems.push(`package.json has version ${manifest.version}, the tag says ${version}`);
  if (!changelog.includes(`\n## ${version} (`))
    problems.push(`CHANGELOG.md has no heading "## ${version} (<date>)"`);
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, version = ''] = process.argv.slice(2);
  if (command !== 'check') throw new Error('usage: npx tsx scripts/changelog.ts check VERSION');
  const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const problems = problemsOf(version, {
    manifest: JSON.parse(read('package.json')),
    changelog: read('CHANGELOG.md'),
  });
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
