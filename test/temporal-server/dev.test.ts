import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type DevServer,
  DevServerError,
  type DevServerOptions,
  startDevServer,
} from '../../src/temporal-server/index.js';
import { connectClient, server as shared, uniqueTaskQueue } from '../support/server.js';

const cli = { path: shared.cli };
let root: string;
let lines: string[];
const cleanUp: (() => unknown)[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'temporal-hex-dev-'));
  lines = [];
});

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
  await rm(root, { recursive: true, force: true });
});

async function start(options: DevServerOptions): Promise<DevServer> {
  const server = await startDevServer({ cli, uiPort: false, log: (line) => lines.push(line), ...options });
  cleanUp.push(() => server.stop());
  return server;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} is still there`);
    await delay(20);
  }
}

/** A port that somebody listens on. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A stand-in for the CLI, made of shell. */
async function fakeCli(body: string): Promise<{ path: string }> {
  const path = join(root, 'temporal');
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return { path };
}

/** Another process that owns a dev server; it does nothing about signals unless `code` says so. */
async function owner(code = ''): Promise<{ child: ChildProcess; serverPid: number }> {
  const module = fileURLToPath(new URL('../../src/temporal-server/index.ts', import.meta.url));
  const program = `import { startDevServer } from ${JSON.stringify(module)};
    const server = await startDevServer({ cli: ${JSON.stringify(cli)}, port: 0, uiPort: false, log() {} });
    ${code}
    console.log(server.pid);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Its own process group, to be sent the signals of a terminal without this process getting them.
    detached: true,
  });
  cleanUp.push(() => child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, serverPid: Number(line) };
}

describe('ports', () => {
  it('a taken port is replaced by a free one, and that is said', async () => {
    const wanted = await takenPort();
    const wantedUi = await takenPort();
    const server = await start({ port: wanted, uiPort: wantedUi });
    expect(server.port).not.toBe(wanted);
    expect(lines).toEqual([
      `Port ${wanted} is taken; the Temporal server uses ${server.port}`,
      expect.stringMatching(new RegExp(`^Port ${wantedUi} is taken; the Web UI uses \\d+$`)),
    ]);
    const client = await connectClient(server.address);
    await client.connection.close();
    expect((await fetch(server.uiUrl ?? '')).status).toBe(200);
  });

  it('a port that somebody takes while the server starts is replaced as well', async () => {
    const wanted = await takenPort();
    const racing = await fakeCli(`[ -e ${root}/first ] && exec ${cli.path} "$@"
: > ${root}/first
exec ${cli.path} server start-dev --headless --port ${wanted}`);
    const server = await start({ cli: racing, port: 0 });
    expect(await readFile(join(root, 'first'), 'utf8')).toBe('');
    expect(isAlive(server.pid)).toBe(true);
  });
});

describe('the server is stopped with its owner', () => {
  it('when the owner is killed', async () => {
    const { child, serverPid } = await owner();
    expect(isAlive(serverPid)).toBe(true);
    child.kill('SIGKILL');
    await untilGone(serverPid);
  });

  it('when the owner gets Ctrl-C and does nothing about it', async () => {
    const { child, serverPid } = await owner();
    process.kill(-(child.pid ?? 0), 'SIGINT');
    await untilGone(serverPid);
  });

  it('when the owner just ends: a server does not keep its owner alive', async () => {
    const { child, serverPid } = await owner();
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    await untilGone(serverPid);
  });

  it('and stop() keeps the owner alive until the server is gone', async () => {
    const { child, serverPid } = await owner('await server.stop();');
    expect(isAlive(serverPid)).toBe(false);
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });

  it('in the order of the owner after Ctrl-C: the signal does not reach the server itself', async () => {
    const { child, serverPid } = await owner(`
      setInterval(() => {}, 1000);
      process.on('SIGINT', async () => {
        process.kill(server.pid, 0);
        await server.stop();
        console.log(JSON.stringify(await server.exited));
        process.exit(7);
      });`);
    const exit = once(child, 'exit');
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect((await exit)[0]).toBe(7);
    expect(isAlive(serverPid)).toBe(false);
  });

  it('when its supervisor is killed, as long as the owner lives', async () => {
    const server = await start({ port: 0 });
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => '');
    const supervisor = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    if (Number.isNaN(supervisor)) return; // There is no /proc on this system.
    process.kill(supervisor, 'SIGKILL');
    await server.exited;
    await untilGone(server.pid);
  });

  it('stop() may be called twice, and after a crash', async () => {
    const server = await start({ port: 0 });
    await server.kill();
    expect(isAlive(server.pid)).toBe(false);
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await Promise.all([server.stop(), server.stop(), server.kill()]);
  });
});

describe('a database file', () => {
  it('keeps workflows beyond a crash of the server, on the same port, and takes new search attributes', async () => {
    const options: DevServerOptions = {
      dbFilename: join(root, 'new', 'folder', 'dev.db'),
      namespace: 'kept',
    };
    const before = await start({ ...options, port: 0, searchAttributes: { HexRunId: 'Keyword' } });
    const first = await connectClient(before.address, 'kept');
    await first.workflow.start('anything', { taskQueue: uniqueTaskQueue(), workflowId: 'survivor' });
    await first.connection.close();
    await before.kill();

    const after = await start({
      ...options,
      port: before.port,
      searchAttributes: { HexRunId: 'Keyword', HexStep: 'Keyword' },
    });
    expect(after.port).toBe(before.port);
    const second = await connectClient(after.address, 'kept');
    const description = await second.workflow.getHandle('survivor').describe();
    expect(description).toMatchObject({ type: 'anything', status: { name: 'RUNNING' } });
    const attributes = await (second.connection as Connection).operatorService.listSearchAttributes({
      namespace: 'kept',
    });
    expect(Object.keys(attributes.customAttributes ?? {})).toEqual(
      expect.arrayContaining(['HexRunId', 'HexStep']),
    );
    await second.connection.close();
  });
});

describe('what the server is started with', () => {
  it('has the settings that make it fast, and no token of Hex', async () => {
    const spy = await fakeCli(
      `echo "$@" > ${root}/arguments; env > ${root}/environment; exec ${cli.path} "$@"`,
    );
    const env = { ...process.env, HEX_API_TOKEN: 'hxt-secret' };
    await start({ cli: spy, port: 0, env, dynamicConfig: { 'frontend.WorkflowPauseEnabled': true } });
    const given = await readFile(join(root, 'arguments'), 'utf8');
    for (const setting of [
      'history.transferProcessorMaxPollRPS=2000',
      'history.timerProcessorMaxPollRPS=2000',
      'history.timerProcessorMaxTimeShift="10ms"',
      'system.enableActivityEagerExecution=true',
      'frontend.WorkflowPauseEnabled=true',
    ]) {
      expect(given).toContain(`--dynamic-config-value ${setting}`);
    }
    expect(await readFile(join(root, 'environment'), 'utf8')).not.toContain('hxt-secret');
  });
});

describe('a server that does not start', () => {
  it('leaves its last words in the error', async () => {
    const broken = await fakeCli('echo "no room left on this disk" >&2; exit 3');
    const error = await startDevServer({ cli: broken, port: 0 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DevServerError);
    expect(String(error)).toMatch(
      /ended with code 3 while starting\.\nIts last words:\nno room left on this disk/,
    );
  });

  it('is named when there is no such executable', async () => {
    await expect(startDevServer({ cli: { path: join(root, 'nowhere') }, port: 0 })).rejects.toThrow(
      /could not be started with .*nowhere: .*ENOENT/,
    );
  });
});
