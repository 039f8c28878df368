import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { server } from './server.js';

/** The command as built. */
export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** A running command of ours. */
export interface Running {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the first match in what it has printed so far or prints later; rejects when it ends without. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with the exit code when the process has ended. */
  ended: Promise<number | null>;
}

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** An empty folder of the test, so that no `.env` of anybody is read. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-hex-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment of this process without settings of Hex and Temporal, with the CLI of the tests, and with `more`. */
export function cleanEnv(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(HEX|TEMPORAL|VITEST)_|^NO_COLOR$/.test(name),
  );
  return { ...Object.fromEntries(kept), TEMPORAL_CLI_PATH: server.cli, ...more };
}

/** Starts the built command; it is killed with the test. */
export function startCli(args: string[], env: Record<string, string> = {}, cwd = emptyFolder()): Running {
  return startProcess(process.execPath, [CLI, ...args], cleanEnv(env), cwd);
}

/** Commands that work until they are stopped, or hand their terminal on. A worker that is waited for ends by itself: it fails. */
const LASTING = new Set(['dev', 'demo', 'sandbox', 'console', 'codec-server', 'temporal']);
const HOST = fileURLToPath(new URL('./command-host.mjs', import.meta.url));
const MOST_IDLE_HOSTS = 2;
/** Processes that have run commands, and wait for more. */
const idleHosts: ChildProcess[] = [];

/**
 * Runs the built command to its end, in a process that has run others before: its start takes longer than most commands.
 * One that lasts, or is told more than settings of Hex and Temporal, has a process of its own, as by `startCli`.
 */
export async function cli(
  args: string[],
  env: Record<string, string> = {},
  cwd = emptyFolder(),
): Promise<Finished> {
  const isOrdinary = Object.keys(env).every((name) => /^(HEX|TEMPORAL)_/.test(name));
  if (!isOrdinary || args.some((word) => LASTING.has(word))) return finish(startCli(args, env, cwd));
  const host = idleHosts.pop() ?? startHost();
  const finished = new Promise<Finished>((resolve) => {
    host.once('message', resolve);
    host.once('exit', (code) => resolve({ code, stdout: '', stderr: '' }));
  });
  onTestFinished(() => {
    if (!idleHosts.includes(host)) host.kill('SIGKILL');
  });
  host.send({ args, env: cleanEnv(env), cwd });
  const end = await finished;
  host.removeAllListeners();
  if (host.connected && idleHosts.length < MOST_IDLE_HOSTS) idleHosts.push(host);
  else host.kill();
  return end;
}

/** It ends with this process. */
function startHost(): ChildProcess {
  const host = fork(HOST, { env: cleanEnv(), execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  host.unref();
  host.channel?.unref();
  return host;
}

export async function finish(running: Running): Promise<Finished> {
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

export function startProcess(command: string, args: string[], env: NodeJS.ProcessEnv, cwd: string): Running {
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const heard = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      heard[name] += text;
      for (const listener of listeners) listener();
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    // What it has started may hold them open.
    child.stdout.destroy();
    child.stderr.destroy();
    await ended;
  });
  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(heard.stdout) ?? pattern.exec(heard.stderr);
        if (!match) return;
        listeners.delete(look);
        resolve(match);
      };
      listeners.add(look);
      look();
      void ended.then(() =>
        reject(new Error(`Ended without saying ${pattern}:\n${heard.stdout}${heard.stderr}`)),
      );
    });
  return { child, ended, says, stdout: () => heard.stdout, stderr: () => heard.stderr };
}

/** Whether anybody listens on a port of this machine. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
