import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { atExit } from '../temporal-server/at-exit.js';
import type { DevServer } from '../temporal-server/index.js';
import { choosePort } from '../temporal-server/ports.js';

const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));
const PORT = 8400;

/** A console in a process of its own, so that no token of Hex is in it. It ends with this one, whatever ends this one. */
export interface ConsoleBeside {
  /** The link that signs in; null where it does not start, or not within this time. */
  link(withinMs: number): Promise<string | null>;
  stop(): void;
}

/** Starts it, and waits for nothing. */
export function consoleBeside(
  server: Pick<DevServer, 'address' | 'namespace' | 'uiUrl'>,
  taskQueue: string,
  env: NodeJS.ProcessEnv,
): ConsoleBeside {
  let undo = () => {};
  const started = choosePort(PORT).then(
    (port) =>
      new Promise<string | null>((resolve) => {
        const args = [
          'console',
          '--port',
          String(port),
          '--address',
          server.address,
          '--namespace',
          server.namespace,
          '--task-queue',
          taskQueue,
        ];
        const child = fork(CLI, args, {
          env: withoutSecrets(env, server.uiUrl),
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        });
        child.unref();
        child.channel?.unref();
        const release = atExit(() => child.kill('SIGKILL'));
        undo = () => {
          release();
          child.kill('SIGTERM');
        };
        child.once('message', (message) => resolve((message as { link?: string }).link ?? null));
        child.once('exit', () => resolve(null));
        child.once('error', () => resolve(null));
      }),
    () => null,
  );
  return {
    link: (withinMs) => Promise.race([started, sleep(withinMs, null, { ref: false })]),
    stop: () => undo(),
  };
}

function withoutSecrets(env: NodeJS.ProcessEnv, uiUrl: string | null | undefined): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !isSecretOfHex(name));
  return {
    ...Object.fromEntries(kept),
    ...(uiUrl && { TEMPORAL_UI_URL: uiUrl }),
    TEMPORAL_HEX_CONSOLE_TOKEN: '',
    TEMPORAL_HEX_CONSOLE_TOKEN_FILE: '',
  };
}

/** Whether a variable holds a token of Hex, or a secret of requests: a console has no use for them. */
export function isSecretOfHex(name: string): boolean {
  return /^HEX_(\w*API_TOKEN|HTTP_SECRET_\w+)$/.test(name.replace(/_FILE$/, ''));
}
