import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadCli } from '../../src/temporal-server/download.js';
import { resolveTemporalCli } from '../../src/temporal-server/index.js';
import { withLock } from '../../src/temporal-server/lock.js';
import { createReporter } from '../../src/temporal-server/reporter.js';
import { PINNED_CLI } from '../../src/temporal-server/versions.js';

let root: string;
let cacheDir: string;
let archive: Buffer;
const cleanUp: (() => unknown)[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'temporal-hex-download-'));
  cacheDir = join(root, 'cache');
  await writeFile(join(root, 'temporal'), `#!/bin/sh\necho "temporal version ${PINNED_CLI}"\n`);
  await chmod(join(root, 'temporal'), 0o755);
  execFileSync('tar', ['-czf', 'archive.tgz', 'temporal'], { cwd: root });
  archive = await readFile(join(root, 'archive.tgz'));
});

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
  await rm(root, { recursive: true, force: true });
});

async function listen(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Something to wait for. Node 20 has no Promise.withResolvers. */
function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const environment = (mirror: string): NodeJS.ProcessEnv => ({
  PATH: join(root, 'empty'),
  HOME: root,
  TEMPORAL_HEX_CLI_DOWNLOAD_URL: mirror,
});

/** Another process that resolves the CLI; `said` are its log lines so far. */
function otherProcess(mirror: string): { child: ChildProcess; said: (pattern: RegExp) => Promise<void> } {
  const module = fileURLToPath(new URL('../../src/temporal-server/index.ts', import.meta.url));
  const options = JSON.stringify({ cacheDir, env: environment(mirror) });
  const code = `import { resolveTemporalCli } from ${JSON.stringify(module)};
    const cli = await resolveTemporalCli(${options});
    process.stderr.write('source=' + cli.source + '\\n');`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  cleanUp.push(() => child.kill('SIGKILL'));
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const said = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      if (child.exitCode !== null) throw new Error(`ended without saying ${pattern}: ${text}`);
      await once(child.stderr ?? child, 'data');
    }
  };
  return { child, said };
}

it('a download lands in the cache, executable, and is said with the time it took', async () => {
  const paths: string[] = [];
  const mirror = await listen((request, response) => {
    paths.push(request.url ?? '');
    response.end(archive);
  });
  const lines: string[] = [];
  const cli = await resolveTemporalCli({
    cacheDir,
    env: environment(mirror),
    log: (line) => lines.push(line),
  });
  expect(cli.source).toBe('download');
  expect(execFileSync(cli.path, ['--version']).toString()).toContain(PINNED_CLI);
  expect(paths).toEqual([expect.stringMatching(/^\/v[\d.]+\?platform=(linux|darwin)&arch=(amd64|arm64)$/)]);
  expect(lines.join('\n')).toMatch(/Downloaded in \d/);
});

describe('a download that cannot succeed gives up', () => {
  const limits = { firstByteMs: 200, stallMs: 200, totalMs: 60_000 };
  const attempt = (url: string, own = limits) =>
    downloadCli(new URL(url), root, createReporter({ log() {} }), own);

  it('when the server accepts and never answers', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanUp.push(() => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(attempt(url)).rejects.toThrow('no answer within 0.2 s');
  });

  it('when the archive stops arriving half-way', async () => {
    const url = await listen((_request, response) => {
      response.setHeader('content-length', archive.length);
      response.write(archive.subarray(0, 20));
    });
    await expect(attempt(url)).rejects.toThrow('no further byte within 0.2 s');
  });

  it('when it trickles without end', async () => {
    const url = await listen((_request, response) => {
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    // A busy machine may stall it for longer than the usual limit.
    await expect(attempt(url, { ...limits, stallMs: 10_000, totalMs: 500 })).rejects.toThrow(
      'not complete within 0.5 s',
    );
  });

  it('when the connection is cut', async () => {
    const url = await listen((_request, response) => {
      response.setHeader('content-length', archive.length);
      response.write(archive.subarray(0, 20), () => response.destroy());
    });
    await expect(attempt(url)).rejects.toThrow();
  });

  it.each<[string, RequestListener]>([
    ['an error page', (_request, response) => void response.writeHead(503).end('busy')],
    ['something that is no archive', (_request, response) => void response.end('<html>log in first</html>')],
  ])('%s is not kept', async (_case, answer) => {
    const mirror = await listen(answer);
    await expect(resolveTemporalCli({ cacheDir, env: environment(mirror), log() {} })).rejects.toThrow(
      /a download from 127\.0\.0\.1:\d+: (HTTP 503|ended with code)/,
    );
    await expect(stat(join(cacheDir, 'lock'))).rejects.toThrow('ENOENT');
  });
});

describe('two processes at once do not trip over each other', () => {
  it('one downloads, the other says that it waits and then uses the result', async () => {
    let downloads = 0;
    const held = gate();
    const mirror = await listen((_request, response) => {
      downloads++;
      held.promise.then(() => response.end(archive));
    });
    const one = otherProcess(mirror);
    const two = otherProcess(mirror);
    await Promise.race([one.said(/Waiting: process \d+/), two.said(/Waiting: process \d+/)]);
    held.resolve();
    await Promise.all([one.said(/source=(download|cache)/), two.said(/source=(download|cache)/)]);
    expect(downloads).toBe(1);
  });

  it('a process that is killed while it downloads leaves nothing in the way of the next', async () => {
    const asked = gate();
    const hanging = await listen(() => asked.resolve());
    const killed = otherProcess(hanging);
    await asked.promise;
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    expect(JSON.parse(await readFile(join(cacheDir, 'lock'), 'utf8'))).toMatchObject({
      pid: killed.child.pid,
    });
    const mirror = await listen((_request, response) => void response.end(archive));
    const cli = await resolveTemporalCli({ cacheDir, env: environment(mirror), log() {} });
    expect(cli.source).toBe('download');
  });

  it('a lock of another machine is taken over when its heartbeat has stopped', async () => {
    await mkdir(cacheDir);
    const path = join(cacheDir, 'lock');
    await writeFile(path, JSON.stringify({ id: 'x', pid: 1, host: `not-${hostname()}` }));
    const waited: unknown[] = [];
    await withLock(path, async () => undefined, { staleMs: 300, onWait: (holder) => waited.push(holder) });
    expect(waited).toHaveLength(1);
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('a lock whose holder is alive is not taken over', async () => {
    await mkdir(cacheDir);
    const path = join(cacheDir, 'lock');
    const order: string[] = [];
    const waiting = gate();
    const first = withLock(path, async () => {
      await waiting.promise;
      order.push('first');
    });
    const second = withLock(path, async () => void order.push('second'), { onWait: () => waiting.resolve() });
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });
});
