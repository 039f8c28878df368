import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { atExit } from './at-exit.js';

const RETRY_MS = 250;
const HEARTBEAT_MS = 2_000;
/** Five missed heartbeats: long enough for a busy machine, short enough to wait for after a crash elsewhere. */
const STALE_MS = 5 * HEARTBEAT_MS;

/** What a lock file says about the process that holds it. */
export interface LockHolder {
  id: string;
  pid: number;
  host: string;
}

/** How a lock is waited for. */
export interface LockOptions {
  /** Called once when somebody else has the lock. */
  onWait?: (holder: LockHolder | null) => void;
  /** After this long without a heartbeat a lock is taken over, in milliseconds; default 10 s. */
  staleMs?: number;
  /** Ends the waiting for the lock; the promise then rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while holding a lock file, so that two processes do not do it at once. A lock whose process is gone is
 * taken over. Two that take over in the same instant may both go on: work has to stand that (it ends in a rename).
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const me: LockHolder = { id: randomUUID(), pid: process.pid, host: hostname() };
  await acquire(path, me, options);
  const release = atExit(() => {
    if (readFileSync(path, 'utf8').includes(me.id)) rmSync(path);
  });
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release();
    if ((await readHolder(path))?.id === me.id) await rm(path, { force: true });
  }
}

async function acquire(path: string, me: LockHolder, options: LockOptions): Promise<void> {
  const staleMs = options.staleMs ?? STALE_MS;
  let waiting = false;
  let lastBeat: number | null = null;
  let lastChange = performance.now();
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      await writeFile(path, JSON.stringify(me), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readHolder(path);
    const beat = await stat(path).then(
      (info) => info.mtimeMs,
      () => null,
    );
    // Watched by our own clock: the file may lie on a server whose clock is another one.
    if (beat !== lastBeat) {
      lastBeat = beat;
      lastChange = performance.now();
    }
    const gone = holder !== null && holder.host === me.host && !isAlive(holder.pid);
    if (gone || performance.now() - lastChange > staleMs) {
      if ((await readHolder(path))?.id === holder?.id) await rm(path, { force: true });
      continue;
    }
    if (!waiting) options.onWait?.(holder);
    waiting = true;
    await delay(RETRY_MS);
  }
}

async function readHolder(path: string): Promise<LockHolder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LockHolder;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
