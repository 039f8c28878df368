// Checks what we are made of: the lock file, the licences, and known holes where npm can be asked. npm run supply-chain
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { foreignSources, type LockFile, licenceProblems, missingPlatforms } from './lock-file.js';

const root = new URL('../', import.meta.url);
const readJson = (path: string) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));

/** The licence that an installed package names. */
function installedLicence(path: string): string | undefined {
  const file = `${path}/package.json`;
  return existsSync(new URL(file, root)) ? readJson(file).license : undefined;
}

/** Holes of the product's dependencies that npm knows, from "high" on. */
function knownHoles(): string[] {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: fileURLToPath(root),
    encoding: 'utf8',
  });
  const { vulnerabilities } = JSON.parse(stdout || '{}') as {
    vulnerabilities?: Record<string, { severity: string; range: string }>;
  };
  if (!vulnerabilities) {
    console.log('npm audit: this registry does not answer it, so nothing was asked');
    return [];
  }
  return Object.entries(vulnerabilities)
    .filter(([, { severity }]) => ['high', 'critical'].includes(severity))
    .map(([name, { severity, range }]) => `npm audit: ${name} ${range} has a hole (${severity})`);
}

const lock: LockFile = readJson('package-lock.json');
const problems = [
  ...missingPlatforms(lock),
  ...foreignSources(lock),
  ...licenceProblems(lock, installedLicence),
  ...knownHoles(),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${Object.keys(lock.packages).length - 1} packages: platforms and licences are in order`);
