import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** How long a worker may take until it works. */
const START_LIMIT_MS = 60_000;

export interface WorkerProcess {
  child: ChildProcess;
  /** What it said that showed that it was ready. */
  said: string;
  stop(): Promise<void>;
}

/** Our worker, as users start it. */
export function startHexWorker(env: Record<string, string>): Promise<WorkerProcess> {
  return startProcess(path('../../dist/cli.js'), ['worker'], env, /works on task queue/);
}

/** A command of ours that goes on until it is stopped. */
export function startCommand(
  args: string[],
  env: Record<string, string>,
  ready: RegExp,
): Promise<WorkerProcess> {
  return startProcess(path('../../dist/cli.js'), args, env, ready);
}

/** A process of bench/support; it says "ready" when it is. */
export function startSupport(
  file: 'bare-worker' | 'memory-worker',
  env: Record<string, string>,
): Promise<WorkerProcess> {
  return startProcess(path(`./${file}.ts`), [], env, /ready/, ['--import', 'tsx', '--expose-gc']);
}

async function startProcess(
  file: string,
  args: string[],
  env: Record<string, string>,
  ready: RegExp,
  execArgv: string[] = [],
): Promise<WorkerProcess> {
  const child = fork(file, args, { env: { ...process.env, ...env }, execArgv, silent: true });
  // A process must not outlive the bench, however the bench ends.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  let said = '';
  const isReady = new Promise<string>((resolve) => {
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-20_000);
      const [match] = ready.exec(said) ?? [];
      if (match) resolve(match);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
  });
  const timer = setTimeout(kill, START_LIMIT_MS);
  const found = await Promise.race([
    isReady,
    exited.then(() => Promise.reject(new Error(`${file} ended before it was ready:\n${said}`))),
  ]);
  clearTimeout(timer);
  return {
    child,
    said: found,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      process.off('exit', kill);
    },
  };
}
