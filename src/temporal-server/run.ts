import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { atExit } from './at-exit.js';

const TAIL_LINES = 12;
/** How long a command may tidy up after SIGINT, as `go` does with its own work folder; then it is killed. */
const GRACE_MS = 2_000;

/** How a command is run. */
export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** The process is killed when it takes longer than this, in milliseconds. */
  limitMs?: number;
  /** The process is killed when it prints nothing for this long, in milliseconds. */
  silenceMs?: number;
  /** Ends the process and all that it has started; the promise rejects with its reason once they are gone. */
  signal?: AbortSignal | undefined;
  /** Called with every line of both streams. */
  onLine?: (line: string) => void;
}

/** A command was killed because it took too long or fell silent. */
export class TooSlowError extends Error {
  override readonly name = 'TooSlowError';
}

/** Runs a command to its end. Resolves with the lines of its standard output; fails with the last lines it printed. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string[]> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  // A group is ended as a whole. Without a signal nobody would end it on Ctrl-C, which reaches our own group only.
  const ownGroup = signal !== undefined && process.platform !== 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      detached: ownGroup,
    });
    const kill = (how: NodeJS.Signals) => (ownGroup ? killGroup(child, how) : child.kill(how));
    const release = atExit(() => kill('SIGKILL'));
    const stdout: string[] = [];
    const tail: string[] = [];
    let tooSlow: string | null = null;
    const stop = (why: string) => {
      tooSlow = why;
      kill('SIGKILL');
    };
    const limit = options.limitMs
      ? setTimeout(stop, options.limitMs, `no result within ${options.limitMs / 1000} s`)
      : undefined;
    const silence = options.silenceMs
      ? setTimeout(stop, options.silenceMs, `no sign of life for ${options.silenceMs / 1000} s`)
      : undefined;
    let grace: NodeJS.Timeout | undefined;
    const abort = () => {
      kill('SIGINT');
      grace = setTimeout(() => kill('SIGKILL'), GRACE_MS);
    };
    signal?.addEventListener('abort', abort);
    const heard = (line: string) => {
      silence?.refresh();
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine?.(line);
    };
    createInterface(child.stdout).on('line', (line) => {
      stdout.push(line);
      heard(line);
    });
    createInterface(child.stderr).on('line', heard);
    const settled = () => {
      for (const timer of [limit, silence, grace]) clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      release();
    };
    child.on('error', (error) => {
      settled();
      reject(error);
    });
    // Comes when all who hold the streams are gone, and so the processes that the command has started.
    child.on('close', (code, killedBy) => {
      settled();
      if (signal?.aborted) {
        // One that has let go of the streams may still be there.
        kill('SIGKILL');
        reject(signal.reason);
      } else if (tooSlow !== null) reject(new TooSlowError(tooSlow));
      else if (code === 0) resolve(stdout);
      else reject(new Error([`ended with ${killedBy ?? `code ${code}`}`, ...tail].join('\n     ')));
    });
  });
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody is left; macOS says EPERM where the last one has ended and was not yet waited for.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
