import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** The process is killed when it takes longer than this, in milliseconds. */
  limitMs?: number;
  /** The process is killed when it prints nothing for this long, in milliseconds. */
  silenceMs?: number;
  /** Called with every line of both streams. */
  onLine?: (line: string) => void;
}

/** A command was killed because it took too long or fell silent. */
export class TooSlowError extends Error {
  override readonly name = 'TooSlowError';
}

const TAIL_LINES = 12;

/** Runs a command to its end. Resolves with the lines of its standard output; fails with the last lines it printed. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const stdout: string[] = [];
    const tail: string[] = [];
    let tooSlow: string | null = null;
    const stop = (why: string) => {
      tooSlow = why;
      child.kill('SIGKILL');
    };
    const limit = options.limitMs
      ? setTimeout(stop, options.limitMs, `no result within ${options.limitMs / 1000} s`)
      : undefined;
    const silence = options.silenceMs
      ? setTimeout(stop, options.silenceMs, `no sign of life for ${options.silenceMs / 1000} s`)
      : undefined;
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
      clearTimeout(limit);
      clearTimeout(silence);
    };
    child.on('error', (error) => {
      settled();
      reject(error);
    });
    child.on('close', (code, signal) => {
      settled();
      if (tooSlow !== null) reject(new TooSlowError(tooSlow));
      else if (code === 0) resolve(stdout);
      else reject(new Error([`ended with ${signal ?? `code ${code}`}`, ...tail].join('\n     ')));
    });
  });
}
