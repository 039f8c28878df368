import { describe, expect, it } from 'vitest';
import { foreignSources, type LockFile, licenceProblems, missingPlatforms } from '../../scripts/lock-file.js';

const lock = (packages: LockFile['packages']): LockFile => ({ packages: { '': {}, ...packages } });
const problemsOf = (packages: LockFile['packages'], installed: Record<string, string> = {}) =>
  licenceProblems(lock(packages), (path) => installed[path]);

describe('the check of the lock file', () => {
  it('finds a platform that npm has dropped', () => {
    const swc = { optionalDependencies: { '@swc/core-linux-x64': '1', '@swc/core-darwin-arm64': '1' } };
    const whole = { 'node_modules/@swc/core': swc, 'node_modules/@swc/core-linux-x64': {} };
    expect(missingPlatforms(lock(whole))).toEqual([
      expect.stringContaining('@swc/core needs @swc/core-darwin-arm64 on another platform'),
    ]);
    const nested = 'node_modules/@swc/core/node_modules/@swc/core-darwin-arm64';
    expect(missingPlatforms(lock({ ...whole, [nested]: {} }))).toEqual([]);
  });

  it('finds an address that everybody would have to fetch from', () => {
    const resolved = 'https://registry.example/left-pad.tgz';
    expect(foreignSources(lock({ 'node_modules/left-pad': { resolved } }))).toHaveLength(1);
  });

  it('finds a licence that forbids something, or none, in what the product needs', () => {
    expect(
      problemsOf(
        {
          'node_modules/good': { license: 'Apache-2.0 AND MIT' },
          'node_modules/either': { license: '(MIT OR BSD-3-Clause)' },
          'node_modules/by-file': {},
          'node_modules/tool': { license: 'GPL-3.0', dev: true },
          'node_modules/bad': { license: 'AGPL-3.0-only' },
          'node_modules/none': {},
        },
        { 'node_modules/by-file': 'ISC' },
      ),
    ).toEqual(['bad is under AGPL-3.0-only', 'none is under no licence that is named']);
  });

  it('takes the licence of a platform package from the package that chooses it', () => {
    const packages = {
      'node_modules/core': { license: 'MIT', optionalDependencies: { 'core-darwin': '1' } },
      'node_modules/core-darwin': {},
    };
    expect(problemsOf(packages)).toEqual([]);
  });
});
