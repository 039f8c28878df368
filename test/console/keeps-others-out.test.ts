import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHANGE_HEADER } from '../../src/console/contract.js';
import { startConsole } from '../../src/console/server.js';
import { type TestConsole, testConsole } from '../support/console.js';
import { type Harness, harness } from '../support/harness.js';

let rig: Harness;
let web: TestConsole;

beforeAll(async () => {
  rig = await harness({ worker: false, atEnd: afterAll });
  web = await testConsole(rig.temporal, rig.taskQueue, afterAll);
});

const json = { 'content-type': 'application/json', [CHANGE_HEADER]: '1' };
const cancel = JSON.stringify({ action: 'cancel', workflowId: 'there-is-none' });

const codeOf = ({ text }: { text: string }) => JSON.parse(text).error.code;

describe('on a real socket', () => {
  it('refuses every host but this machine, on every address, before anything else', async () => {
    for (const path of ['/', '/app.js', '/api/home', '/enter/x', '/api/live?topic=/api/home']) {
      for (const host of [
        'evil.example',
        '127.0.0.1.evil.example',
        'localhost.evil.example:8400',
        '169.254.169.254',
      ]) {
        const answer = await web.raw(path, { headers: { host, cookie: web.cookie } });
        expect([path, host, answer.status, codeOf(answer)]).toEqual([path, host, 403, 'forbidden']);
      }
    }
    const { port } = new URL(web.url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect((await web.raw('/api/me', { headers: { host, cookie: web.cookie } })).status).toBe(200);
  });

  it('refuses requests that pages of others send, whatever they can set', async () => {
    const { host } = new URL(web.url);
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://${host}.evil.example` },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const asked = await web.raw('/api/home', { headers: { ...headers, cookie: web.cookie } as never });
      expect([headers, asked.status]).toEqual([headers, 403]);
      const sent = await web.raw('/api/actions', {
        method: 'POST',
        headers: { ...json, ...headers, cookie: web.cookie } as never,
        body: cancel,
      });
      expect([headers, sent.status]).toEqual([headers, 403]);
    }
    const own = { origin: `http://${host}`, 'sec-fetch-site': 'same-origin', cookie: web.cookie };
    expect((await web.raw('/api/me', { headers: own })).status).toBe(200);
  });

  it('takes changes only as JSON with its own header: a form of any page can send neither', async () => {
    for (const [type, own] of [
      ['text/plain', '1'],
      ['application/x-www-form-urlencoded', '1'],
      ['multipart/form-data; boundary=x', '1'],
      ['application/json', null],
      ['text/plain;application/json', '1'],
    ] as const) {
      const headers = { cookie: web.cookie, 'content-type': type, ...(own && { [CHANGE_HEADER]: own }) };
      for (const path of ['/api/actions', '/api/me', '/api/sign-in', '/api/actions/preview']) {
        const answer = await web.raw(path, { method: 'POST', headers, body: cancel });
        expect([type, path, answer.status]).toEqual([type, path, 403]);
      }
    }
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const answer = await web.raw('/api/actions', { method, headers: { ...json, cookie: web.cookie } });
      expect([method, answer.status]).toEqual([method, 403]);
    }
  });

  it('gives data to nobody who did not come by the link, which works once', async () => {
    for (const path of ['/api/me', '/api/home', '/api/pipeline?name=x', '/api/live?topic=/api/home']) {
      const answer = await web.raw(path, {
        headers: { cookie: `temporal-hex-console-${new URL(web.url).port}=guess` },
      });
      expect([path, answer.status, JSON.parse(answer.text).error.signIn]).toEqual([path, 401, 'link']);
    }
    expect((await web.raw('/enter/guess')).status).toBe(401);
    const other = await startConsole({ client: rig.temporal, taskQueue: rig.taskQueue, port: 0 });
    try {
      const { link } = other;
      const entered = await fetch(link, { redirect: 'manual' });
      expect(entered.headers.get('set-cookie')).toMatch(
        /^temporal-hex-console-\d+=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/,
      );
      expect((await fetch(link, { redirect: 'manual' })).status).toBe(401);
      expect(other.link).not.toBe(link);
    } finally {
      await other.close();
    }
  });

  it('has no way round by tricks in the path', async () => {
    for (const path of [
      '/api/../api/home',
      '/%61pi/home',
      '//api/home',
      '/api//home',
      '/api/%2e%2e/api/home',
      '/enter/../api/home',
      '/api/home/api/sign-in',
      '/API/home',
      '/api/home%00',
      '/..%2f..%2fpackage.json',
      '/../../../../etc/passwd',
    ]) {
      const answer = await web.raw(path, {});
      expect(answer.text, path).not.toMatch(/"notices"|root:|"dependencies"/);
      expect(answer.status === 200 ? answer.headers['content-type'] : '', path).not.toMatch(/json/);
    }
  });

  it('lets no page frame it or run a script that is not its own, and no answer be kept or guessed', async () => {
    for (const path of ['/api/me', '/api/home', '/nowhere', '/enter/x']) {
      const { headers } = await web.raw(path, { headers: { cookie: web.cookie } });
      expect(headers['content-security-policy'], path).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      );
      expect(headers['content-security-policy'], path).not.toMatch(/unsafe|\*/);
      expect(headers, path).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['access-control-allow-origin'], path).toBeUndefined();
    }
  });

  it('survives what is no HTTP, and bodies that are too large or no JSON', async () => {
    await new Promise<void>((resolve) => {
      const { hostname, port } = new URL(web.url);
      const socket = connect(Number(port), hostname, () =>
        socket.end('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'),
      );
      socket
        .on('close', () => resolve())
        .on('error', () => resolve())
        .resume();
    });
    const headers = { ...json, cookie: web.cookie };
    for (const body of ['', '[]', '"x"', '{', 'null', `{"action": "${'x'.repeat(3_000_000)}"}`]) {
      const answer = await web.raw('/api/actions', { method: 'POST', headers, body });
      expect([body.slice(0, 9), answer.status, codeOf(answer)]).toEqual([body.slice(0, 9), 400, 'bad-input']);
    }
  });
});

it('only shows with --read-only, and says so', async () => {
  const shown = await testConsole(rig.temporal, rig.taskQueue, afterAll, { readOnly: true });
  expect(await shown.get('/api/me')).toMatchObject({ readOnly: true });
  const headers = { ...json, cookie: shown.cookie };
  const answer = await shown.raw('/api/actions', { method: 'POST', headers, body: cancel });
  expect([answer.status, codeOf(answer)]).toEqual([403, 'read-only']);
});

it('signs in by a token where there is one, and takes no other', async () => {
  const token = 'a-token-of-the-team';
  const signed = await testConsole(rig.temporal, rig.taskQueue, afterAll, { token });
  const signIn = (body: unknown) =>
    signed.raw('/api/sign-in', { method: 'POST', headers: json, body: JSON.stringify(body) });
  for (const body of [{ token: 'a-token-of-the-teal' }, { token: '' }, {}, { token: 7 }])
    expect((await signIn(body)).status).toBe(401);
  const { status, headers } = await signIn({ token });
  expect(status).toBe(200);
  const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
  expect((await signed.raw('/api/me', { headers: { cookie } })).status).toBe(200);
});

it('believes the proxy that it was told of, and nobody without its word', async () => {
  const behind = await testConsole(rig.temporal, rig.taskQueue, afterAll, {
    trustProxyHeader: 'X-Forwarded-User',
    allowHosts: ['hex.example.com'],
  });
  const asked = (headers: Record<string, string>) =>
    behind.raw('/api/me', { headers: { host: 'hex.example.com', ...headers } });
  expect((await asked({})).status).toBe(401);
  const answer = await asked({ 'x-forwarded-user': 'ada@example.com' });
  expect(JSON.parse(answer.text)).toMatchObject({ by: 'ada@example.com', byFrom: 'proxy' });
  expect(
    (await behind.raw('/api/me', { headers: { host: 'other.example.com', 'x-forwarded-user': 'ada' } }))
      .status,
  ).toBe(403);
});

it('does not listen where others can reach it without a token or a proxy', async () => {
  const open = startConsole({ client: rig.temporal, host: '0.0.0.0', port: 0 });
  await expect(open).rejects.toThrow(/can be reached by others/);
});
