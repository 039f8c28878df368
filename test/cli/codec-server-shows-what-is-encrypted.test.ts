import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli, emptyFolder, startCli } from '../support/cli.js';
import { FAST, harness } from '../support/harness.js';
import { temporal } from '../support/server.js';

const KEYS = { HEX_CODEC_KEYS: `2026-11:${randomBytes(32).toString('hex')}` };
const UI = 'http://localhost:8233';

async function serve(env: Record<string, string>, ...args: string[]): Promise<string> {
  const running = startCli(['codec-server', '--port', '0', ...args], env);
  const [, url = ''] = await running.says(/Codec server at (\S+),/);
  return url;
}

const ask = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const base64 = (text: string) => Buffer.from(text).toString('base64');
const PAYLOAD = { metadata: { encoding: base64('json/plain') }, data: base64('"emea"') };

it('the temporal command shows through it what the server has encrypted', async () => {
  const { hex } = await harness({ env: KEYS });
  const run = await hex.startRun({ projectId: 'sales', inputParams: { region: 'only-by-codec' }, ...FAST });
  await run.result();
  const input = async (...more: string[]) => {
    const shown = JSON.parse(
      await temporal('workflow', 'show', '--workflow-id', run.workflowId, '--output', 'json', ...more),
    );
    const [payload] = shown.events[0].workflowExecutionStartedEventAttributes.input.payloads;
    return Buffer.from(payload.data, 'base64').toString();
  };
  expect(await input()).not.toContain('only-by-codec');
  expect(await input('--codec-endpoint', await serve(KEYS))).toContain('only-by-codec');
});

it('encodes and decodes for the Web UI and for nobody else on the web', async () => {
  const url = await serve(KEYS);
  const encoded = await ask(`${url}/encode`, { payloads: [PAYLOAD] }, { origin: UI });
  expect(encoded.headers.get('access-control-allow-origin')).toBe(UI);
  const sealed = (await encoded.json()) as { payloads: (typeof PAYLOAD)[] };
  expect(sealed.payloads[0]?.metadata.encoding).toBe(base64('binary/encrypted'));
  const decoded = await ask(`${url}/decode`, sealed);
  expect(await decoded.json()).toEqual({ payloads: [PAYLOAD] });
  const preflight = (origin: string) =>
    fetch(`${url}/decode`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-namespace',
      },
    });
  const allowed = await preflight(UI);
  expect(allowed.headers.get('access-control-allow-headers')).toContain('x-namespace');
  expect((await preflight('https://evil.example')).status).toBe(403);
  expect((await ask(`${url}/decode`, sealed, { origin: 'https://evil.example' })).status).toBe(403);
});

it('refuses a host name that is not of this machine, and a body that holds no payloads', async () => {
  const url = await serve(KEYS);
  const status = await new Promise((resolve, reject) => {
    const asked = request(`${url}/decode`, { method: 'POST', headers: { host: 'rebound.example' } });
    asked.once('response', (response) => resolve(response.resume().statusCode));
    asked.once('error', reject).end('{"payloads": []}');
  });
  expect(status).toBe(403);
  expect((await ask(`${url}/decode`, { payload: 1 })).status).toBe(400);
  const foreign = {
    metadata: { encoding: base64('binary/encrypted'), 'encryption-key-id': base64('other') },
    data: base64('x'.repeat(40)),
  };
  const answer = await ask(`${url}/decode`, { payloads: [foreign] });
  expect({ status: answer.status, text: await answer.text() }).toEqual({
    status: 400,
    text: expect.stringContaining('key "other"'),
  });
});

it('serves the codecs of a module of one’s own, and says so when there is none', async () => {
  const module = join(emptyFolder(), 'converter.mjs');
  writeFileSync(
    module,
    `const turn = async (payloads) => payloads.map((p) => ({ ...p, data: Buffer.from(p.data).reverse() }));
     export const dataConverter = { payloadCodecs: [{ encode: turn, decode: turn }] };`,
  );
  const url = await serve({ HEX_DATA_CONVERTER: module });
  const answer = await ask(`${url}/encode`, { payloads: [PAYLOAD] });
  const { payloads } = (await answer.json()) as { payloads: (typeof PAYLOAD)[] };
  expect(Buffer.from(payloads[0]?.data ?? '', 'base64').toString()).toBe('"aeme"');
  expect(await cli(['codec-server'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('HEX_CODEC_KEYS: is missing'),
  });
});
