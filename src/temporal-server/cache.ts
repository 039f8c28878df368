import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from './errors.js';
import { inspectCli } from './inspect.js';

const WORK_PREFIX = 'work-';

/** What is known about a cached executable, kept beside it. */
interface Label {
  size: number;
  mtimeMs: number;
  sha256: string;
}

/** The folder for Temporal executables: per user, outside of any clone, shared by all of them. */
export function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  const home = env.HOME || homedir();
  if (process.platform === 'win32') {
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'temporal-hex', 'cli');
  }
  const caches = process.platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
  return join(env.XDG_CACHE_HOME || caches, 'temporal-hex', 'cli');
}

/** Where the executable of a version lies in the cache, whether or not it is there. */
export function cachedPath(cacheDir: string, version: string): string {
  const ending = process.platform === 'win32' ? '.exe' : '';
  return join(cacheDir, `temporal-${version}-${process.platform}-${process.arch}${ending}`);
}

/**
 * The cached executable of a version: its path, null when there is none.
 * Fails when there is one that is not what was put there (cut short, altered, does not run).
 */
export async function lookUp(cacheDir: string, version: string): Promise<string | null> {
  const path = cachedPath(cacheDir, version);
  const info = await stat(path).catch(() => null);
  if (info === null) return null;
  const label = await readLabel(path);
  if (label === null) throw new Error(`${path} has no readable label beside it`);
  if (info.size !== label.size) throw new Error(`${path} has ${info.size} of ${label.size} bytes`);
  // Reading 138 MB takes 0.4 s, so the content is only compared when the file was written to since.
  if (Math.round(info.mtimeMs) !== label.mtimeMs && (await sha256(path)) !== label.sha256) {
    throw new Error(`${path} has been altered`);
  }
  const found = await inspectCli(path);
  if (found !== version) throw new Error(`${path} calls itself version ${found}`);
  return path;
}

async function readLabel(path: string): Promise<Label | null> {
  try {
    return JSON.parse(await readFile(`${path}.json`, 'utf8')) as Label;
  } catch {
    return null;
  }
}

/** Puts a finished executable into the cache in one step, so that nobody ever sees half of it. */
export async function store(cacheDir: string, version: string, file: string): Promise<string> {
  await chmod(file, 0o755);
  const found = await inspectCli(file).catch((error: unknown) => {
    throw new Error(`the result is not usable: ${reasonOf(error)}`);
  });
  if (found !== version) throw new Error(`the result is version ${found} instead of ${version}`);
  const path = cachedPath(cacheDir, version);
  const { size, mtimeMs } = await stat(file);
  const label: Label = { size, mtimeMs: Math.round(mtimeMs), sha256: await sha256(file) };
  // The label goes first: a crash between the two leaves a pair that does not match, and is noticed.
  await writeFile(`${file}.json`, JSON.stringify(label));
  await rename(`${file}.json`, `${path}.json`);
  await rename(file, path);
  return path;
}

/**
 * Makes a folder to work in, on the same file system as the cache.
 * To be called with the lock held: it clears away what a crash has left.
 */
export async function makeWorkDir(cacheDir: string): Promise<string> {
  for (const name of await readdir(cacheDir)) {
    if (name.startsWith(WORK_PREFIX)) await rm(join(cacheDir, name), { recursive: true, force: true });
  }
  const folder = join(cacheDir, WORK_PREFIX + randomUUID());
  await mkdir(folder);
  return folder;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
