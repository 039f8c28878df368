import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHexClient, type HexClient } from '../../src/hex/index.js';
import { answer, hexErrorOf, type Script, scriptedHex, TOKEN } from '../support/scripted-hex.js';

const clientOf = (baseUrl: string, timeoutMs = 5_000): HexClient =>
  createHexClient({ name: 'default', baseUrl, token: () => TOKEN, timeoutMs });

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a run start is sent exactly once, and its outcome is told truly', () => {
  const drop: Script = (_request, _response, raw) => raw.socket.destroy();
  const cases: { title: string; script: Script; expected: object; timeoutMs?: number }[] = [
    {
      title: 'the connection is dropped after the request',
      script: drop,
      expected: { kind: 'HexNetwork', requestSent: 'unknown', outcome: 'unknown', retryable: true },
    },
    {
      title: 'the connection is reset after the request',
      script: (_request, _response, raw) => raw.socket.resetAndDestroy(),
      expected: { kind: 'HexNetwork', requestSent: 'unknown', outcome: 'unknown', code: 'ECONNRESET' },
    },
    {
      title: 'the answer is no HTTP',
      script: (_request, _response, raw) => raw.socket.end('hello\r\n\r\n'),
      expected: { kind: 'HexNetwork', requestSent: 'unknown', outcome: 'unknown' },
    },
    {
      title: 'no answer comes in time',
      script: () => undefined,
      timeoutMs: 100,
      expected: { kind: 'HexNetwork', requestSent: 'unknown', outcome: 'unknown', code: 'TIMEOUT' },
    },
    {
      title: 'the answer 201 breaks off in its body',
      script: (_request, response, raw) => {
        response.writeHead(201, { 'content-length': '500' });
        response.write('{"runId":', () => raw.socket.destroy());
      },
      expected: { kind: 'HexUnexpectedAnswer', status: 201, requestSent: 'answered', outcome: 'unknown' },
    },
    {
      title: 'the answer 201 does not end in time',
      script: (_request, response) => {
        response.writeHead(201, { 'content-length': '500' });
        response.write('{"runId":');
      },
      timeoutMs: 200,
      expected: { kind: 'HexUnexpectedAnswer', status: 201, requestSent: 'answered', outcome: 'unknown' },
    },
    {
      title: 'an empty 204',
      script: answer(204),
      expected: { kind: 'HexUnexpectedAnswer', status: 204, outcome: 'unknown' },
    },
    ...[301, 307, 308].map((status) => ({
      title: `a redirect ${status}, which says that it was not dealt with here`,
      script: answer(status, '', { location: '/' }),
      expected: { kind: 'HexUnexpectedAnswer', status, outcome: 'not-done', retryable: false },
    })),
    ...[302, 303].map((status) => ({
      title: `a redirect ${status}, which may follow upon the deed`,
      script: answer(status, '', { location: '/' }),
      expected: { kind: 'HexUnexpectedAnswer', status, outcome: 'unknown' },
    })),
    ...[500, 502, 503, 504].map((status) => ({
      title: `${status} without Hex's JSON`,
      script: answer(status, 'Bad day', { 'retry-after': '1' }),
      expected: { kind: 'HexUnavailable', status, outcome: 'unknown', retryAfterMs: 1_000 },
    })),
    ...[401, 403, 404, 409, 421, 422, 429].map((status) => ({
      title: `${status}`,
      script: answer(status, { reason: 'no' }, { 'retry-after': '1' }),
      expected: { status, outcome: 'not-done' },
    })),
    {
      title: "503 in Hex's JSON",
      script: answer(503, { reason: 'no kernel' }, { 'retry-after': '1' }),
      expected: { kind: 'HexNoKernel', outcome: 'not-done' },
    },
    {
      title: 'an error whose body breaks off: its status says enough',
      script: (_request, response, raw) => {
        response.writeHead(422, { 'content-length': '500' });
        response.write('{', () => raw.socket.destroy());
      },
      expected: { kind: 'HexInvalidRequest', status: 422, outcome: 'not-done' },
    },
  ];
  for (const { title, script, expected, timeoutMs = 5_000 } of cases)
    it(title, async () => {
      const hex = await scriptedHex(script);
      expect(await hexErrorOf(hex.client({ timeoutMs }).runProject('p1', {}))).toMatchObject(expected);
      // Whatever would be sent again has been by the time that a later request is answered.
      await hexErrorOf(hex.client({ timeoutMs }).runProject('p2', {}));
      expect(hex.seen.map(({ url }) => url.pathname)).toEqual([
        '/api/v1/projects/p1/runs',
        '/api/v1/projects/p2/runs',
      ]);
    });

  it('an idle connection that the server closes as the request comes in', async () => {
    const hex = await scriptedHex((request, response, raw) =>
      request.method === 'GET' ? answer(200, {})(request, response, raw) : drop(request, response, raw),
    );
    const client = hex.client();
    await client.whoAmI();
    expect(await hexErrorOf(client.runProject('p1', {}))).toMatchObject({ outcome: 'unknown' });
    expect(hex.seen.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });
});

describe('a request that surely never left is told apart', () => {
  const neverLeft = {
    kind: 'HexNetwork',
    status: null,
    requestSent: 'no',
    outcome: 'not-done',
    retryable: true,
  };

  for (const host of ['127.0.0.1', 'localhost'])
    it(`connection refused at ${host}`, async () => {
      const error = await hexErrorOf(clientOf(`http://${host}:${await closedPort()}`).runProject('p1', {}));
      expect(error).toMatchObject({ ...neverLeft, code: 'ECONNREFUSED' });
      expect(error.message).toMatch(/could not be reached for POST .*ECONNREFUSED/);
      expect(error.hint).toMatch(/HEX_BASE_URL/);
    });

  it('a host that does not exist', async () => {
    const error = await hexErrorOf(clientOf('https://hex.invalid').runProject('p1', {}));
    expect(error).toMatchObject(neverLeft);
  });

  it('a server that speaks no TLS', async () => {
    const hex = await scriptedHex(answer(200, {}));
    const error = await hexErrorOf(clientOf(hex.url.replace('http:', 'https:')).runProject('p1', {}));
    expect(error).toMatchObject(neverLeft);
    expect(error.hint).toMatch(/NODE_EXTRA_CA_CERTS/);
    expect(hex.seen).toHaveLength(0);
  });

  it('a server that hangs up during the TLS handshake', async () => {
    const server = createTlsServer({});
    server.on('connection', (socket: Socket) => socket.destroy());
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const { port } = server.address() as { port: number };
    const error = await hexErrorOf(clientOf(`https://127.0.0.1:${port}`).runProject('p1', {}));
    expect(error).toMatchObject(neverLeft);
  });

  it('a port that fetch never calls', async () => {
    expect(await hexErrorOf(clientOf('http://127.0.0.1:6000').runProject('p1', {}))).toMatchObject(neverLeft);
  });

  const causes: [string, { code: string; syscall?: string; message?: string }, 'no' | 'unknown'][] = [
    ['no route', { code: 'EHOSTUNREACH', syscall: 'connect' }, 'no'],
    ['connecting took too long for the system', { code: 'ETIMEDOUT', syscall: 'connect' }, 'no'],
    ['connecting took too long for fetch', { code: 'UND_ERR_CONNECT_TIMEOUT' }, 'no'],
    ['DNS is out', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }, 'no'],
    ['a certificate signed by nobody', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'no'],
    ['a certificate of another host', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'no'],
    ['a connection that stood timed out', { code: 'ETIMEDOUT', syscall: 'read' }, 'unknown'],
    ['no headers for five minutes', { code: 'UND_ERR_HEADERS_TIMEOUT' }, 'unknown'],
    ['a garbled TLS record', { code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC' }, 'unknown'],
    ['something new', { code: 'EFUTURE' }, 'unknown'],
  ];
  for (const [title, { message = 'it failed', ...fields }, requestSent] of causes)
    it(`${title} (${fields.code}): ${requestSent}`, async () => {
      const cause = Object.assign(new Error(message), fields);
      const many = new AggregateError([cause, cause]);
      for (const each of [cause, many]) {
        const broken = () => Promise.reject(new TypeError('fetch failed', { cause: each }));
        const connection = { name: 'default', baseUrl: 'https://hex.invalid', token: () => TOKEN };
        const error = await hexErrorOf(createHexClient(connection, { fetch: broken }).runProject('p1'));
        expect(error).toMatchObject({ kind: 'HexNetwork', requestSent });
        expect(error.outcome).toBe(requestSent === 'no' ? 'not-done' : 'unknown');
      }
    });

  it('one address of several that got further leaves it unknown', async () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' });
    const reset = Object.assign(new Error('x'), { code: 'ECONNRESET', syscall: 'read' });
    const cause = Object.assign(new AggregateError([refused, reset]), { code: 'ECONNREFUSED' });
    const connection = { name: 'default', baseUrl: 'https://hex.invalid', token: () => TOKEN };
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }));
    const error = await hexErrorOf(createHexClient(connection, { fetch }).runProject('p1'));
    expect(error).toMatchObject({ requestSent: 'unknown', outcome: 'unknown' });
  });

  it('an abort before anything was sent', async () => {
    const hex = await scriptedHex(answer(201, { runId: 'r1' }));
    const error = await hexErrorOf(hex.client().runProject('p1', {}, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ ...neverLeft, code: 'ABORTED', retryable: false });
    expect(hex.seen).toHaveLength(0);
  });
});

describe('a request ends when its caller or its time limit says so', () => {
  it('an abort while Hex thinks leaves the outcome unknown', async () => {
    const hex = await scriptedHex(() => undefined);
    const controller = new AbortController();
    const call = hexErrorOf(hex.client().runProject('p1', {}, { signal: controller.signal }));
    await hex.nextRequest();
    controller.abort();
    expect(await call).toMatchObject({ code: 'ABORTED', requestSent: 'unknown', outcome: 'unknown' });
  });

  it('an abort while the answer comes in leaves it unknown as well', async () => {
    const controller = new AbortController();
    const hex = await scriptedHex((_request, response) => {
      response.writeHead(201, { 'content-length': '500' });
      response.write('{', () => controller.abort());
    });
    const error = await hexErrorOf(hex.client().runProject('p1', {}, { signal: controller.signal }));
    expect(error).toMatchObject({ kind: 'HexNetwork', code: 'ABORTED', outcome: 'unknown' });
  });

  it('the time limit of the call wins over that of the connection', async () => {
    const hex = await scriptedHex(() => undefined);
    const error = await hexErrorOf(hex.client({ timeoutMs: 60_000 }).whoAmI({ timeoutMs: 50 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true, outcome: 'not-done' });
    expect(error.message).toBe('Hex did not answer GET /users/me within 50 ms');
  });

  it('a token that never comes falls under it too', async () => {
    const hex = await scriptedHex(answer(200, {}));
    const client = hex.client({ token: () => new Promise(() => undefined), timeoutMs: 50 });
    expect(await hexErrorOf(client.runProject('p1', {}))).toMatchObject({
      code: 'TIMEOUT',
      requestSent: 'no',
      outcome: 'not-done',
    });
  });

  it('a limit longer than a timer can hold does not fire at once', async () => {
    const hex = await scriptedHex(answer(200, {}));
    await hex.client({ timeoutMs: 1e12 }).whoAmI();
  });

  it('lets go of the signal, so that a long-lived one gathers no listeners', async () => {
    const hex = await scriptedHex(answer(200, {}));
    const controller = new AbortController();
    const counted = { added: 0, removed: 0 };
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      counted.added += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      counted.removed += 1;
      remove(...given);
    };
    for (let i = 0; i < 3; i++) await hex.client().whoAmI({ signal });
    expect(counted).toEqual({ added: 3, removed: 3 });
  });
});

it('the closed port of these tests is closed', async () => {
  const port = await closedPort();
  await expect(
    new Promise((resolve, reject) =>
      connect(port, '127.0.0.1').once('connect', resolve).once('error', reject),
    ),
  ).rejects.toThrow(/ECONNREFUSED/);
});
