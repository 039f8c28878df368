import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { problemsOf, released } from '../../scripts/changelog.js';

const OLD = '# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n';

it('a release takes what was unreleased, and leaves an empty heading for what comes', () => {
  expect(released(OLD, '0.2.0', '2026-02-03')).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-03)\n\n### Added\n\n- A thing.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n',
  );
});

it('there is no release without a line of what has changed', () => {
  const again = released(OLD, '0.2.0', '2026-02-03');
  expect(() => released(again, '0.3.0', '2026-03-03')).toThrow('says nothing under "## Unreleased"');
});

it('a tag is not published unless package and changelog have its version', () => {
  const changelog = released(OLD, '0.2.0', '2026-02-03');
  expect(problemsOf('0.2.0', { manifest: { version: '0.2.0' }, changelog })).toEqual([]);
  expect(problemsOf('0.2.0', { manifest: { version: '0.1.0' }, changelog: OLD })).toHaveLength(2);
});

it('our own changelog can be released', () => {
  const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
  expect(released(changelog, '99.0.0', '2099-01-01')).toContain('## 99.0.0 (2099-01-01)\n\n### ');
});
