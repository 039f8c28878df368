import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHexClient, HexError } from '../../src/hex/index.js';
import { isLoopback, proxyFor } from '../../src/network/proxy.js';
import { postNotification } from '../../src/notifications/post.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { downloadCli } from '../../src/temporal-server/download.js';
import { createReporter } from '../../src/temporal-server/reporter.js';
import { cli, emptyFolder, startCli } from '../support/cli.js';
import { harness } from '../support/harness.js';
import { startProxy } from '../support/proxy.js';
import { answer, scriptedHex } from '../support/scripted-hex.js';
import { server } from '../support/server.js';

const VARIABLES = [
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'grpc_proxy',
  'no_grpc_proxy',
].flatMap((name) => [name, name.toUpperCase()]);
/** A port where nobody is. */
const DEAD = 'http://127.0.0.1:1';
const CERTIFICATE = fileURLToPath(new URL('../fixtures/corp-tls/cert.pem', import.meta.url));
const KEY = fileURLToPath(new URL('../fixtures/corp-tls/key.pem', import.meta.url));
const TOKEN = 'a-token-that-the-proxy-must-not-see';

// What the machine of the tests has set must not decide.
beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

/** A Hex at https://acme.corp.test, a name that only the proxy can resolve, and the environment that uses both. */
async function behindProxy(login?: string) {
  const tls = { key: readFileSync(KEY, 'utf8'), cert: readFileSync(CERTIFICATE, 'utf8') };
  const hex = await startSandbox({ port: 0, tls, publicUrl: 'https://acme.corp.test' });
  const proxy = await startProxy({ 'acme.corp.test': hex.port }, login);
  const env = {
    HEX_BASE_URL: 'https://acme.corp.test',
    HEX_API_TOKEN: TOKEN,
    NODE_EXTRA_CA_CERTS: CERTIFICATE,
  };
  return { hex, proxy, env };
}

describe('Hex is reached through the proxy', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])('of %s, which never sees the token', async (name) => {
    const { hex, proxy, env } = await behindProxy();
    const { code, stdout, stderr } = await cli(['projects', '--json'], { ...env, [name]: proxy.url });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('extract-project-id');
    expect(proxy.asked).toEqual(['CONNECT acme.corp.test:443']);
    expect(proxy.readable).not.toContain(TOKEN);
    await hex.close();
  });

  it('with the user and password of its address', async () => {
    const { hex, proxy, env } = await behindProxy('ada:s3cret:x');
    const withLogin = proxy.url.replace('//', '//ada:s3cret%3Ax@');
    expect((await cli(['projects'], { ...env, HTTPS_PROXY: withLogin })).code).toBe(0);
    const { code, stderr } = await cli(['projects'], { ...env, HTTPS_PROXY: proxy.url });
    expect(code).toBe(6);
    expect(stderr).toMatch(/407.*\(through the proxy of HTTPS_PROXY\)/);
    await hex.close();
  });

  it.each(['acme.corp.test', 'corp.test', '.corp.test', '*', 'other.test, acme.corp.test:443'])(
    'but not where NO_PROXY=%s excepts it',
    async (exception) => {
      vi.stubEnv('HTTPS_PROXY', DEAD);
      expect(proxyFor(new URL('https://acme.corp.test'))?.variable).toBe('HTTPS_PROXY');
      vi.stubEnv('NO_PROXY', exception);
      expect(proxyFor(new URL('https://acme.corp.test'))).toBeNull();
    },
  );

  it('and a NO_PROXY of other hosts changes nothing', () => {
    vi.stubEnv('HTTPS_PROXY', 'proxy.corp.test:3128');
    vi.stubEnv('NO_PROXY', 'me.corp.test,corp.test:8443');
    expect(proxyFor(new URL('https://acme.corp.test'))?.url.href).toBe('http://proxy.corp.test:3128/');
  });
});

describe('a proxy that fails', () => {
  async function startError(): Promise<HexError> {
    const connection = { name: 'default', baseUrl: 'https://acme.corp.test', token: () => TOKEN };
    const error = await createHexClient(connection)
      .runProject('p1', {})
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HexError);
    return error as HexError;
  }

  it('is named by its variable, and a start is known not to have been sent', async () => {
    vi.stubEnv('https_proxy', DEAD);
    const error = await startError();
    expect(error.message).toMatch(/ECONNREFUSED.*\(through the proxy of https_proxy\)/);
    expect(error).toMatchObject({ requestSent: 'no', outcome: 'not-done', retryable: true });
  });

  it('refuses to connect: the start was not sent either', async () => {
    const proxy = await startProxy({});
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    const error = await startError();
    expect(error.message).toMatch(/502.*\(through the proxy of HTTPS_PROXY\)/);
    expect(error).toMatchObject({ requestSent: 'no', outcome: 'not-done' });
  });

  it.each(['socks4://proxy:1080', 'http://'])(
    '%s is no address of a proxy: the variable is named',
    async (value) => {
      vi.stubEnv('HTTPS_PROXY', value);
      const error = await startError();
      expect(error.message).toMatch(
        /HTTPS_PROXY is not the address of a proxy: write it as http:\/\/host:port/,
      );
      expect(error).toMatchObject({ requestSent: 'no', outcome: 'not-done' });
    },
  );
});

describe('webhooks and downloads go through the proxy', () => {
  it('a webhook by plain http is asked of the proxy by its whole address', async () => {
    const hook = await scriptedHex(answer(200, {}));
    const proxy = await startProxy({ 'hooks.corp.test': Number(new URL(hook.url).port) });
    vi.stubEnv('HTTP_PROXY', proxy.url);
    const message = { title: 'Pipeline "etl"', event: 'failure', links: {} } as never;
    const webhook = { format: 'json', url: () => 'http://hooks.corp.test/in?x=1' } as const;
    const { status } = await postNotification(webhook, message, AbortSignal.timeout(10_000));
    expect(status).toBe(200);
    expect(proxy.asked).toEqual(['POST http://hooks.corp.test/in?x=1']);
  });

  it('a download, and its failure names the variable', async () => {
    const mirror = await scriptedHex(answer(404, {}));
    const proxy = await startProxy({ 'cli.corp.test': Number(new URL(mirror.url).port) });
    vi.stubEnv('HTTP_PROXY', proxy.url);
    const attempt = () =>
      downloadCli(new URL('http://cli.corp.test/v1'), emptyFolder(), createReporter({ log() {} }));
    await expect(attempt()).rejects.toThrow('HTTP 404');
    expect(proxy.asked).toEqual(['GET http://cli.corp.test/v1']);
    vi.stubEnv('HTTP_PROXY', DEAD);
    await expect(attempt()).rejects.toThrow(/ECONNREFUSED.*\(through the proxy of HTTP_PROXY\)/);
  });
});

describe('Temporal is reached through the proxy', () => {
  it('by worker and commands alike, with user and password', { timeout: 60_000 }, async () => {
    const { env, sandbox } = await harness({ worker: false });
    const port = Number(server.address.split(':')[1]);
    const proxy = await startProxy({ 'temporal.corp.test': port }, 'ada:s3cret');
    const through = {
      ...env,
      TEMPORAL_ADDRESS: 'temporal.corp.test:7233',
      HTTPS_PROXY: proxy.url.replace('//', '//ada:s3cret@'),
    };
    const worker = startCli(['worker'], through);
    await worker.says(/works on task queue/);
    const byWorker = proxy.asked.length;
    expect(byWorker).toBeGreaterThan(0);
    const run = await cli(['run', 'sales', '--wait'], through);
    expect(run.code, run.stderr).toBe(0);
    expect(proxy.asked.length).toBeGreaterThan(byWorker);
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT temporal.corp.test:7233']));
    expect(sandbox.ledger().runs).toHaveLength(1);
  });

  it('and a command says which variable led nowhere', async () => {
    const where = { TEMPORAL_ADDRESS: 'temporal.corp.test:7233', HTTPS_PROXY: DEAD };
    const { code, stderr } = await cli(['progress', 'x', '--client-connect-timeout', '1s'], where);
    expect(code).toBe(3);
    expect(stderr).toContain('temporal.corp.test:7233 (through the proxy of HTTPS_PROXY)');
  });

  it('a proxy by https is refused with the mend', async () => {
    const where = { TEMPORAL_ADDRESS: 'temporal.corp.test:7233', HTTPS_PROXY: 'https://proxy.corp.test' };
    const { code, stderr } = await cli(['progress', 'x'], where);
    expect(code).toBe(2);
    expect(stderr).toMatch(/HTTPS_PROXY names a proxy by https:.*write http:\/\/host:port.*NO_PROXY/);
  });
});

describe('this machine is never reached by a proxy', () => {
  const everything = Object.fromEntries(
    VARIABLES.filter((name) => !/^no_/i.test(name)).map((name) => [name, DEAD]),
  );

  it('dev, its sandbox and the commands work with a proxy in every variable', {
    timeout: 60_000,
  }, async () => {
    const dev = startCli(['dev', '--port', '0', '--duration', '100ms'], everything);
    const [, address = ''] = await dev.says(/Temporal +(127\.0\.0\.1:\d+)/);
    await dev.says(/Ctrl-C ends all of it/);
    const run = await cli(['run', 'sales', '--address', address, '--wait'], everything);
    expect(run.code, run.stderr).toBe(0);
    expect(dev.stderr() + run.stderr).not.toMatch(/proxy/i);
  });

  it.each([
    ['localhost', true],
    ['LOCALHOST', true],
    ['api.localhost', true],
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['[::1]', true],
    ['[::ffff:127.0.0.1]', true],
    ['128.0.0.1', false],
    ['localhost.corp.test', false],
    ['[::2]', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopback(new URL(`http://${host}:1`))).toBe(expected);
  });
});
