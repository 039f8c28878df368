import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Variant } from './options.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Where a worker that ended by itself is started again, as a supervisor would. */
const RESTART_AFTER_MS = 500;

/** What a worker says when it is up. */
export const WORKS = 'works on task queue';

/** Worker processes that are always up again soon. */
export class WorkerPool {
  /** Kills so far. */
  kills = 0;
  /** Times so far that one stood still. */
  stalls = 0;
  /** Ends that nobody asked for, with the last words. */
  readonly deaths: string[] = [];
  readonly #env: Record<string, string>;
  readonly #variant: Variant | null;
  readonly #workers: ChildProcess[] = [];
  readonly #up = new WeakSet<ChildProcess>();
  readonly #killed = new WeakSet<ChildProcess>();
  readonly #stalled = new WeakSet<ChildProcess>();
  #stopped = false;

  constructor(env: Record<string, string>, variant: Variant | null) {
    this.#env = env;
    this.#variant = variant;
  }

  start(count: number): void {
    for (let slot = 0; slot < count; slot++) this.#spawn(slot);
  }

  /**
   * Kills a worker as a crash would; another takes its place at once. One that is not up yet is left alone: it holds
   * nothing that could be lost, and a slow machine would do nothing but start workers.
   */
  kill(slot: number): void {
    const worker = this.#working(slot);
    if (!worker) return;
    this.kills++;
    this.#killed.add(worker);
    worker.kill('SIGKILL');
  }

  /** Stops a worker for a time, as a suspended machine does: it goes on in the middle of what it was doing. */
  stall(slot: number, ms: number): void {
    const worker = this.#working(slot);
    if (!worker || this.#stalled.has(worker)) return;
    this.stalls++;
    this.#stalled.add(worker);
    worker.kill('SIGSTOP');
    setTimeout(() => {
      worker.kill('SIGCONT');
      this.#stalled.delete(worker);
    }, ms).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const running = this.#workers.filter((worker) => worker.exitCode === null && worker.signalCode === null);
    await Promise.all(
      running.map((worker) => {
        const gone = once(worker, 'exit');
        worker.kill('SIGKILL');
        return gone;
      }),
    );
  }

  #working(slot: number): ChildProcess | null {
    const worker = this.#workers[slot];
    const works = worker && worker.exitCode === null && this.#up.has(worker) && !this.#killed.has(worker);
    return works ? worker : null;
  }

  #spawn(slot: number): void {
    const args = this.#variant
      ? ['--import', 'tsx', path('./variant-worker.ts'), this.#variant]
      : [path('../dist/cli.js'), 'worker'];
    const worker = spawn(process.execPath, args, {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#workers[slot] = worker;
    let said = '';
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
      if (said.includes(WORKS)) this.#up.add(worker);
    };
    worker.stdout.on('data', hear);
    worker.stderr.on('data', hear);
    const end = () => worker.kill('SIGKILL');
    process.once('exit', end);
    worker.once('exit', async (code, signal) => {
      process.off('exit', end);
      if (this.#stopped) return;
      if (!this.#killed.has(worker)) {
        this.deaths.push(`${signal ?? `code ${code}`}: ${said.trim()}`);
        await delay(RESTART_AFTER_MS);
      }
      if (!this.#stopped) this.#spawn(slot);
    });
  }
}
