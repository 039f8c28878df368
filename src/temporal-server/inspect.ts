import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { reasonOf } from './errors.js';
import { run } from './run.js';
import { atLeast, findVersion, MINIMUM_CLI } from './versions.js';

/** `temporal --version` takes 0.07 s; a first run of 138 MB from a slow disk takes seconds. */
const VERSION_LIMIT_MS = 15_000;

/** What an executable says its version is; fails when it is not a working Temporal CLI of a usable version. */
export async function inspectCli(path: string): Promise<string> {
  await requireExecutable(path);
  let line: string;
  try {
    line = (await run(path, ['--version'], { limitMs: VERSION_LIMIT_MS })).join(' ');
  } catch (error) {
    throw new Error(`${path} does not run: ${reasonOf(error)}`);
  }
  const version = /^temporal version/i.test(line) ? findVersion(line) : null;
  if (version === null) throw new Error(`${path} is not the Temporal CLI; it says "${line.slice(0, 80)}"`);
  // Builds from source without a version stamp call themselves 0.0.0-DEV; who made one knows what it is.
  if (version !== '0.0.0' && !atLeast(version, MINIMUM_CLI)) {
    throw new Error(`${path} is version ${version}, too old: ${MINIMUM_CLI} or newer is needed`);
  }
  return version;
}

async function requireExecutable(path: string): Promise<void> {
  const info = await stat(path).catch(() => null);
  if (info === null) throw new Error(`${path} does not exist`);
  if (!info.isFile()) throw new Error(`${path} is not a file`);
  await access(path, constants.X_OK).catch(() => {
    throw new Error(`${path} is not executable`);
  });
}

/** The first executable file of this name on PATH, or null. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const endings = process.platform === 'win32' ? (env.PATHEXT ?? '.EXE').split(';') : [''];
  for (const folder of (env.PATH ?? env.Path ?? '').split(delimiter)) {
    if (folder === '') continue;
    for (const ending of endings) {
      const candidate = resolve(join(folder, name + ending));
      const usable = await requireExecutable(candidate).then(
        () => true,
        () => false,
      );
      if (usable) return candidate;
    }
  }
  return null;
}
