import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import {
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, emptyFolder } from '../support/cli.js';
import { Figures } from '../support/figures.js';
import { type Harness, harness } from '../support/harness.js';
import { server } from '../support/server.js';

const TLS = fileURLToPath(new URL('../fixtures/sandbox-tls/', import.meta.url));
const CA = join(TLS, 'cert.pem');
const KEY = 'temporal-key-5ec7e7';

interface Listening {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
  close(): unknown;
}

const open: Listening[] = [];
/** Real servers that are not what the settings expect. */
const at = { tls: '', mutualTls: '', refusing: '', web: '' };

let rig: Harness;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  rig = await harness({ worker: false, atEnd: (cleanUp) => cleanUps.push(cleanUp) });
  const pair = { key: readFileSync(join(TLS, 'key.pem')), cert: readFileSync(CA) };
  const refuse = (_request: Http2ServerRequest, response: Http2ServerResponse) => {
    response.writeHead(401);
    response.end();
  };
  const start = async (it: Listening) => {
    open.push(it);
    await new Promise<void>((resolve) => it.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(it.address() as AddressInfo).port}`;
  };
  at.tls = await start(createSecureServer(pair, refuse));
  at.mutualTls = await start(createSecureServer({ ...pair, requestCert: true, rejectUnauthorized: true }));
  at.refusing = await start(createServer(refuse));
  at.web = await start(createHttpServer((_request, response) => void response.end('hello')));
});

const figures = new Figures('Seconds until it was named, by a command and by a worker');

afterAll(async () => {
  figures.print();
  for (const it of open) it.close();
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const trusted = { TEMPORAL_TLS_SERVER_CA_CERT_PATH: CA, TEMPORAL_TLS_SERVER_NAME: 'localhost' };

/** What is wrong, the settings, what has to be said, and the exit code; `worker`: a worker ends with it as well. */
const CASES: [string, () => Record<string, string>, RegExp, number, worker?: 'worker'][] = [
  [
    'nobody listens',
    () => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' }),
    /No Temporal server answers .*ECONNREFUSED/,
    3,
  ],
  [
    'the host does not exist',
    () => ({ TEMPORAL_ADDRESS: 'no-such-host.invalid:7233' }),
    /answers at no-such-host.invalid:7233: getaddrinfo .*Set: TEMPORAL_ADDRESS\./,
    3,
  ],
  [
    'something else listens',
    () => ({ TEMPORAL_ADDRESS: at.web }),
    /something listens there, but it does not answer as a Temporal server/,
    3,
  ],
  [
    'the server speaks TLS and we do not',
    () => ({ TEMPORAL_ADDRESS: at.tls }),
    /speaks TLS, and TLS is off: set TEMPORAL_TLS=true/,
    2,
    'worker',
  ],
  [
    'we speak TLS and the server does not',
    () => ({ TEMPORAL_ADDRESS: server.address, TEMPORAL_TLS: 'true' }),
    /speaks no TLS, and TLS is on: set TEMPORAL_TLS=false.*Set: TEMPORAL_ADDRESS, (TEMPORAL_NAMESPACE, )?TEMPORAL_TLS\./,
    2,
    'worker',
  ],
  [
    'an API key asks for TLS, which the server does not speak',
    () => ({ TEMPORAL_ADDRESS: server.address, TEMPORAL_API_KEY: KEY }),
    /TLS is on, because there is an API key/,
    2,
  ],
  [
    "the authority of the server's certificate is not known",
    () => ({ TEMPORAL_ADDRESS: at.tls, TEMPORAL_TLS: 'true' }),
    /certificate.*TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
    2,
    'worker',
  ],
  [
    "the server's certificate has another name",
    () => ({ TEMPORAL_ADDRESS: at.tls, ...trusted, TEMPORAL_TLS_SERVER_NAME: 'wrong.example' }),
    /wrong\.example.*TEMPORAL_TLS_SERVER_NAME/,
    2,
  ],
  [
    'the server wants a client certificate',
    () => ({ TEMPORAL_ADDRESS: at.mutualTls, ...trusted }),
    /wants a client certificate.*TEMPORAL_TLS_CLIENT_CERT_PATH/,
    2,
  ],
  [
    'the key is refused',
    () => ({ TEMPORAL_ADDRESS: at.tls, ...trusted, TEMPORAL_API_KEY: KEY }),
    /refuses the connection: .*401.* Check the API key/,
    2,
  ],
  [
    'the server wants a key',
    () => ({ TEMPORAL_ADDRESS: at.refusing }),
    /refuses the connection: .*401.* It wants an API key/,
    2,
    'worker',
  ],
  [
    'the switch of TLS is misspelt',
    () => ({ TEMPORAL_TLS: 'tru' }),
    /TEMPORAL_TLS is "tru": write true or/,
    2,
    'worker',
  ],
  [
    'a certificate is not there',
    () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: '/nope.pem', TEMPORAL_TLS_CLIENT_KEY_PATH: '/nope.key' }),
    /ENOENT.*Check TEMPORAL_TLS_CLIENT_(CERT|KEY)_PATH/,
    2,
  ],
  ['the profile is not there', () => ({ TEMPORAL_PROFILE: 'prod' }), /prod.*TEMPORAL_PROFILE/, 2, 'worker'],
  ['the address is a URL', () => ({ TEMPORAL_ADDRESS: 'http://127.0.0.1:1' }), /http:\/\/127\.0\.0\.1:1/, 2],
];

describe('where there is no connection to Temporal, what is wrong is said', () => {
  it.each(CASES)('%s', async (what, settings, words, code, worker) => {
    const env = settings();
    const folder = emptyFolder();
    const { TEMPORAL_ADDRESS: _address, ...hex } = rig.env;
    const askedAt = Date.now();
    const commands = [cli(['progress', 'x', '--client-connect-timeout', '2s'], env, folder)];
    if (worker) commands.push(cli(['worker'], { ...hex, ...env }, folder));
    const named = commands.map(async (command, index) => {
      const end = await command;
      expect(figures.note(`${what}: ${index === 0 ? 'command' : 'worker'}`, askedAt)).toBeLessThan(60);
      return end;
    });
    for (const end of await Promise.all(named)) {
      expect(end.stderr).toMatch(words);
      expect(end.stderr).not.toContain(KEY);
      expect(end.stderr).not.toMatch(/\.\.\s|^\s+at /m);
      expect(end.code, end.stderr).toBe(code);
    }
  });

  it('the namespace does not exist: a command and a worker name it and end with 2', async () => {
    const there = { ...rig.env, TEMPORAL_NAMESPACE: 'nope' };
    const commands = [['run', 'sales'], ['progress', 'x'], ['worker']].map((args) => cli(args, there));
    for (const { code, stderr } of await Promise.all(commands)) {
      expect(stderr).toMatch(/[Nn]amespace "?nope"?/);
      expect(stderr).not.toContain('all else works');
      expect(code, stderr).toBe(2);
    }
  });
});
