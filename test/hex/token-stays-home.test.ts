import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { createHexClient } from '../../src/hex/index.js';
import { answer, hexErrorOf, OLD_TOKEN, scriptedHex, TOKEN } from '../support/scripted-hex.js';

const everything = (error: unknown) =>
  [
    inspect(error, { depth: 10, showHidden: true }),
    JSON.stringify(error),
    String(error),
    (error as Error).stack,
  ].join();

describe('the token goes to the configured host and to no other', () => {
  for (const status of [301, 302, 303, 307, 308])
    it(`does not follow a ${status} to another host`, async () => {
      const thief = await scriptedHex(answer(200, {}));
      const hex = await scriptedHex(answer(status, '', { location: `${thief.url}/api/v1/users/me` }));
      for (const call of [hex.client().whoAmI(), hex.client().runProject('p1', {})]) {
        const error = await hexErrorOf(call);
        expect(error).toMatchObject({ kind: 'HexUnexpectedAnswer', status, requestSent: 'answered' });
        expect(error.hint).toMatch(/Check HEX_BASE_URL/);
      }
      expect(hex.seen).toHaveLength(2);
      expect(thief.seen).toHaveLength(0);
    });

  it('does not follow a redirect on the same host either', async () => {
    const hex = await scriptedHex(answer(302, '', { location: '/elsewhere' }));
    await hexErrorOf(hex.client().whoAmI());
    expect(hex.seen.map(({ url }) => url.pathname)).toEqual(['/api/v1/users/me']);
  });

  it('calls neither nextPage nor runStatusUrl of an answer', async () => {
    const thief = await scriptedHex(answer(200, {}));
    const hex = await scriptedHex((request, response, raw) =>
      request.method === 'POST'
        ? answer(201, { runId: 'r1', runStatusUrl: `${thief.url}/r1` })(request, response, raw)
        : answer(200, { runs: [], nextPage: `${thief.url}/next` })(request, response, raw),
    );
    await hex.client().runProject('p1', {});
    expect(await hex.client().listProjectRuns('p1')).toMatchObject({ runs: [], hasMore: true });
    expect(thief.seen).toHaveLength(0);
  });

  it('is sent as a bearer token, with our User-Agent', async () => {
    const hex = await scriptedHex(answer(200, {}));
    await hex.client().whoAmI();
    expect(hex.seen[0]?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'user-agent': expect.stringMatching(/^temporal-hex\/\d+\.\d+\.\d+/),
    });
  });
});

describe('the base URL is checked before any token is read', () => {
  const create = (baseUrl: string) =>
    createHexClient({
      name: 'default',
      baseUrl,
      token: () => {
        throw new Error('read too early');
      },
    });
  const good = [
    'https://app.hex.tech',
    'https://app.hex.tech/',
    ' https://app.hex.tech/api/v1 ',
    'https://app.hex.tech/api/v1//',
    'http://localhost:3000',
    'http://127.0.0.1:3000/api/v1/',
    'http://[::1]:3000',
  ];
  for (const url of good) it(`takes "${url}"`, () => expect(() => create(url)).not.toThrow());

  const bad: [string, RegExp][] = [
    ['http://app.hex.tech', /plain http would send the token readable to app\.hex\.tech/],
    ['http://localhost.evil.example', /plain http/],
    ['http://127.0.0.1.evil.example', /plain http/],
    ['http://user@localhost:3000', /user or password/],
    ['https://user:secret@app.hex.tech', /user or password/],
    ['https://app.hex.tech/api/v2', /a path other than \/api\/v1/],
    ['https://app.hex.tech/hex/app', /a path other than/],
    ['https://app.hex.tech?x=1', /a query/],
    ['https://app.hex.tech/#top', /a query or a fragment/],
    ['app.hex.tech', /begins with https/],
    ['localhost:3000', /begins with https/],
    ['ftp://app.hex.tech', /begins with https/],
    [TOKEN, /begins with https/],
    ['', /begins with https/],
  ];
  for (const [url, message] of bad)
    it(`refuses "${url.slice(0, 40)}"`, () => {
      expect(() => create(url)).toThrow(message);
      expect(() => create(url)).not.toThrow(/secret|5ec7e7/);
    });
});

describe('no error shows the token', () => {
  for (const token of [TOKEN, OLD_TOKEN]) {
    for (const status of [201, 302, 400, 401, 429, 500, 503])
      it(`not where Hex quotes it in a ${status} (${token.slice(0, 4)})`, async () => {
        const hex = await scriptedHex(
          answer(
            status,
            { reason: `bad ${token}`, traceId: `t-${token}`, details: `Bearer ${token}` },
            { 'x-trace-id': token },
          ),
        );
        const error = await hexErrorOf(hex.client({ token: () => token }).runProject('p1', {}));
        expect(everything(error)).not.toContain(token);
        expect(error.detail).toContain('[token]');
      });
  }

  it('not where Hex quotes it in plain text, cut in the middle', async () => {
    const hex = await scriptedHex(answer(400, `${'x'.repeat(980)}${OLD_TOKEN}`));
    const error = await hexErrorOf(hex.client({ token: () => OLD_TOKEN }).whoAmI());
    expect(error.detail).not.toContain(OLD_TOKEN.slice(0, 8));
  });

  it('not where the answer is not HTTP, which fetch keeps in its cause', async () => {
    const hex = await scriptedHex((request, _response, raw) => {
      raw.socket.end(`${request.headers.authorization}\r\n\r\n`);
    });
    const error = await hexErrorOf(hex.client().whoAmI());
    expect(error.kind).toBe('HexNetwork');
    expect(everything(error)).not.toContain(TOKEN);
  });

  for (const token of [`${TOKEN}\r\nX-Evil: 1`, `a ${TOKEN}`, `${TOKEN}\u0000`, `é${TOKEN}`, '', ' \n'])
    it(`not where it cannot be sent: ${JSON.stringify(token.replace(TOKEN, '…'))}`, async () => {
      const hex = await scriptedHex(answer(200, {}));
      const error = await hexErrorOf(hex.client({ token: () => token }).whoAmI());
      expect(error).toMatchObject({ kind: 'HexAuth', status: null, requestSent: 'no', outcome: 'not-done' });
      expect(everything(error)).not.toContain(TOKEN);
      expect(hex.seen).toHaveLength(0);
    });
});

describe('a token file is read anew for every request', () => {
  async function tokenFile() {
    const folder = await mkdtemp(join(tmpdir(), 'token-file-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    return join(folder, 'token');
  }

  it('uses a rotated token at once, and trims its line break', async () => {
    const path = await tokenFile();
    await writeFile(path, 'first-token\n');
    const hex = await scriptedHex(answer(200, {}));
    const { connections } = loadConfig({ HEX_API_TOKEN_FILE: path, HEX_BASE_URL: hex.url });
    const connection = connections.default;
    if (!connection) throw new Error('no connection');
    const client = createHexClient(connection);
    await client.whoAmI();
    await writeFile(`${path}.new`, '\ufeffsecond-token\r\n');
    await rename(`${path}.new`, path);
    await client.whoAmI();
    expect(hex.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first-token',
      'Bearer second-token',
    ]);
  });

  it('says path and remedy where the file cannot be read, and sends nothing', async () => {
    const path = await tokenFile();
    const hex = await scriptedHex(answer(200, {}));
    const { connections } = loadConfig({ HEX_API_TOKEN_FILE: path, HEX_BASE_URL: hex.url });
    const error = await hexErrorOf(hex.client({ token: connections.default?.token ?? (() => '') }).whoAmI());
    expect(error.message).toContain(
      `the token file ${path} cannot be read (ENOENT); mend HEX_API_TOKEN_FILE`,
    );
    expect(error).toMatchObject({ kind: 'HexAuth', requestSent: 'no' });
    expect(hex.seen).toHaveLength(0);
  });
});
