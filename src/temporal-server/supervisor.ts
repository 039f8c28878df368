import { type ChildProcess, spawn } from 'node:child_process';

/** How long a server may take to end in order before it is killed; an idle one takes 1 s. */
const GRACE_MS = 5_000;

/**
 * The program of the process between the owner and the server. The IPC channel to the owner closes whatever way the
 * owner ends, SIGKILL included, and then the server is stopped. Run by `node -e`, so that it is the same from source, from
 * dist and from a bundle.
 */
const PROGRAM = `
const { spawn } = require('node:child_process');
process.title = 'temporal-hex: dev server supervisor';
const [command, ...args] = process.argv.slice(1);
const tell = (message, then) => (process.connected ? process.send(message, then) : then?.());
const server = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], windowsHide: true });
let stopping = false;
const stop = () => {
  if (stopping) return;
  stopping = true;
  server.kill('SIGTERM');
  setTimeout(() => server.kill('SIGKILL'), ${GRACE_MS});
};
server.on('spawn', () => tell({ pid: server.pid }));
server.on('error', (error) => tell({ error: error.message }, () => process.exit(1)));
server.on('exit', (code, signal) => tell({ code, signal }, () => process.exit()));
process.on('message', (word) => (word === 'kill' ? server.kill('SIGKILL') : stop()));
process.on('disconnect', stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
`;

type Message = { pid: number } | { error: string } | ServerExit;

/** How the server process ended. */
export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A server process that lives no longer than this process. */
export interface Supervised {
  pid: number;
  /** Resolves when the server process is gone, whoever ended it. */
  exited: Promise<ServerExit>;
  /** The last of what the server printed. */
  output(): string;
  /** Ends the server in order: SIGTERM, and SIGKILL when that takes longer than 5 s. */
  stop(): Promise<void>;
  /** Ends the server with SIGKILL. */
  kill(): Promise<void>;
  /** Lets this process end while the server still runs; the server is then stopped too. */
  unref(): void;
}

const OUTPUT_CHARACTERS = 4_000;

/** Starts a server under supervision; fails when the executable cannot be started at all. */
export async function supervise(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Supervised> {
  // Options for this Node process (loaders, an inspector's port) are not the supervisor's.
  const { NODE_OPTIONS: _options, ...rest } = env;
  const child = spawn(process.execPath, ['-e', PROGRAM, '--', command, ...args], {
    // A process group of its own: Ctrl-C reaches the owner alone, which stops things in its order.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: rest,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS);
    });
  }
  const exited = watchExit(child);
  const pid = await firstMessage(child);
  // Everything of the child that keeps this process alive while it is referenced.
  const handles = [child, child.channel, child.stdout, child.stderr].filter(
    (it) => it && 'unref' in it,
  ) as Handle[];
  const end = async (word: 'stop' | 'kill') => {
    for (const handle of handles) handle.ref();
    // The callback takes the error when the supervisor goes just now; `exited` tells the rest.
    if (child.connected) child.send(word, () => undefined);
    await exited;
  };
  return {
    pid,
    exited,
    output: () => output.trim(),
    stop: () => end('stop'),
    kill: () => end('kill'),
    unref() {
      for (const handle of handles) handle.unref();
    },
  };
}

interface Handle {
  ref(): void;
  unref(): void;
}

function firstMessage(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('the supervisor ended before the server was started')));
    child.once('message', (message: Message) => {
      if ('pid' in message) resolve(message.pid);
      else reject(new Error('error' in message ? message.error : 'the server ended at once'));
    });
  });
}

function watchExit(child: ChildProcess): Promise<ServerExit> {
  return new Promise((resolve) => {
    let pid: number | null = null;
    let exit: ServerExit | null = null;
    child.on('message', (message: Message) => {
      if ('pid' in message) pid = message.pid;
      if ('signal' in message) exit = message;
    });
    // A supervisor that was killed itself cannot end the server, and nobody else is left to do it.
    child.on('exit', (_code, signal) => {
      if (signal !== null && pid !== null) killIfThere(pid);
    });
    // Comes after the last output and the last message.
    child.on('close', (code, signal) => {
      resolve(exit ?? { code, signal });
    });
  });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
