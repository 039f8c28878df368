import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSandbox } from '../../src/cli/commands/sandbox.js';
import { addSandboxOptions } from '../../src/cli/sandbox-options.js';
import { startFromOptions } from '../../src/cli/start-sandbox.js';
import { type Ledger, type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { control, hex, startRun } from '../support/sandbox-http.js';

const fixture = (name: string) => new URL(`../fixtures/sandbox-tls/${name}`, import.meta.url).pathname;

describe('the control plane', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ tokens: ['hxtp_secret'], duration: '1h' });
  });
  afterEach(() => sandbox.close());
  const token = 'hxtp_secret';

  it('needs no token and leaves no trace in the ledger', async () => {
    expect((await control(sandbox, 'GET', '/health')).json).toMatchObject({ status: 'ok' });
    const { json } = await control(sandbox, 'GET', '/ledger');
    expect(json).toMatchObject({ runs: [], requests: [] });
  });

  it('shows the whole truth in the ledger: who started what, when, with what body', async () => {
    const body = { inputParams: { date: '2026-10-01' }, useCachedSqlResults: false };
    const runId = await startRun(sandbox, 'p', body, token);
    await hex(sandbox, 'GET', '/projects/p/runs?limit=1', { token });
    const ledger = (await control(sandbox, 'GET', '/ledger')).json as Ledger;
    expect(ledger.runs).toEqual([
      {
        runId,
        projectId: 'p',
        status: 'PENDING',
        alive: true,
        trigger: 'API',
        projectVersion: 7,
        inputParams: { date: '2026-10-01' },
        body,
        token: expect.stringMatching(/^hxtp_#/),
        user: expect.any(String),
        requestId: 1,
        fault: null,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        startedAt: null,
        endedAt: null,
        cancelRequestedAt: null,
        cancelRequests: 0,
      },
    ]);
    expect(
      ledger.requests.map(({ method, path, status, operation }) => [method, path, status, operation]),
    ).toEqual([
      ['POST', '/api/v1/projects/p/runs', 201, 'runProject'],
      ['GET', '/api/v1/projects/p/runs?limit=1', 200, 'listProjectRuns'],
    ]);
    expect(ledger.requests[0]).toMatchObject({
      body,
      runId,
      at: expect.any(String),
      answeredAt: expect.any(String),
    });
    expect(ledger.counters).toMatchObject({ requests: 2, statuses: { 200: 1, 201: 1 } });
  });

  it('narrows the ledger to a project', async () => {
    await startRun(sandbox, 'a', undefined, token);
    await startRun(sandbox, 'b', undefined, token);
    const { json } = await control(sandbox, 'GET', '/ledger?projectId=b');
    expect(json.runs).toHaveLength(1);
    expect(json.requests).toHaveLength(1);
  });

  it('writes requests without a good token down as well', async () => {
    await hex(sandbox, 'GET', '/projects', { token: 'wrong' });
    expect(sandbox.ledger().requests[0]).toMatchObject({ status: 401, token: null, user: null });
  });

  it('changes settings while it runs, and shows them without tokens', async () => {
    const { status, json } = await control(sandbox, 'PATCH', '/settings', {
      dialect: '2026-07',
      limits: 'on',
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ dialect: '2026-07', limits: { kernels: 25 } });
    expect(JSON.stringify(json)).not.toContain('secret');
    const wrong = await control(sandbox, 'PATCH', '/settings', { dialect: '1999', fast: true });
    expect(wrong.status).toBe(400);
    expect(wrong.json.error).toMatch(/dialect.*fast|fast.*dialect/s);
  });

  it('takes a rotated token from the settings at once', async () => {
    sandbox.settings({ tokens: ['next'] });
    expect((await hex(sandbox, 'GET', '/users/me', { token })).status).toBe(401);
    expect((await hex(sandbox, 'GET', '/users/me', { token: 'next' })).status).toBe(200);
  });

  it('declares projects, seeds runs, ends them, and moves the clock', async () => {
    await control(sandbox, 'POST', '/projects', { id: 'mine', title: 'Mine', published: true });
    expect((await hex(sandbox, 'GET', '/projects/mine', { token })).json.title).toBe('Mine');
    const seeded = await control(sandbox, 'POST', '/runs', { projectId: 'mine', trigger: 'APP_REFRESH' });
    const [{ runId }] = seeded.json;
    await control(sandbox, 'POST', '/clock', { advance: '2m' });
    expect((await hex(sandbox, 'GET', `/projects/mine/runs/${runId}`, { token })).json.status).toBe(
      'RUNNING',
    );
    await control(sandbox, 'POST', `/runs/${runId}/end`, { status: 'ERRORED' });
    expect((await hex(sandbox, 'GET', `/projects/mine/runs/${runId}`, { token })).json.status).toBe(
      'ERRORED',
    );
  });

  it('goes back to the beginning on a reset, and lets go of what hangs', async () => {
    await startRun(sandbox, 'p', undefined, token);
    sandbox.project({ id: 'extra' });
    sandbox.settings({ strict: true, dialect: '2026-07' });
    sandbox.script({ hang: true });
    const lost = expect(hex(sandbox, 'GET', '/users/me', { token })).rejects.toThrow();
    await sandbox.waitFor((ledger) => ledger.counters.faults.hang === 1);
    await control(sandbox, 'POST', '/reset');
    await lost;
    expect(sandbox.ledger().runs).toEqual([]);
    expect((await control(sandbox, 'GET', '/settings')).json).toMatchObject({
      strict: false,
      dialect: '2026-10',
    });
    expect((await control(sandbox, 'GET', '/projects')).json).toHaveLength(5);
    expect((await hex(sandbox, 'GET', '/users/me', { token })).status).toBe(200);
  });

  it('tells a person at / what this is', async () => {
    const page = await fetch(sandbox.url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('sandbox');
  });

  it('keeps only as many requests as it is told to, and counts them all', async () => {
    sandbox.settings({ keepRequests: 10 });
    for (let count = 0; count < 25; count += 1) await hex(sandbox, 'GET', '/users/me', { token });
    const { requests, counters } = sandbox.ledger();
    expect(requests.length).toBeLessThanOrEqual(11);
    expect(requests.at(-1)?.id).toBe(25);
    expect(counters.requests).toBe(25);
  });
});

describe('waiting for the ledger', () => {
  it('ends with the request that makes it true', async () => {
    await using sandbox = await startSandbox();
    const waiting = sandbox.waitFor((ledger) => ledger.runs.length === 2);
    await startRun(sandbox);
    await startRun(sandbox);
    expect((await waiting).runs).toHaveLength(2);
  });

  it('ends when a run changes by the clock, without any request', async () => {
    await using sandbox = await startSandbox({
      duration: { pending: '1m', running: '1m' },
      clockFactor: 2_000,
    });
    await startRun(sandbox);
    await sandbox.waitFor((ledger) => ledger.runs[0]?.status === 'RUNNING');
    await sandbox.waitFor((ledger) => ledger.runs[0]?.status === 'COMPLETED');
  });

  it('fails after its time limit and says what had happened', async () => {
    await using sandbox = await startSandbox();
    const runId = await startRun(sandbox);
    await expect(sandbox.waitFor(() => false, 20)).rejects.toThrow(runId);
  });

  it('fails with the error of the predicate', async () => {
    await using sandbox = await startSandbox();
    const broken = () => {
      throw new Error('my mistake');
    };
    await expect(sandbox.waitFor(broken)).rejects.toThrow('my mistake');
  });

  it('gives a ledger that does not change afterwards', async () => {
    await using sandbox = await startSandbox({ duration: '1h' });
    const runId = await startRun(sandbox);
    const before = sandbox.ledger();
    await hex(sandbox, 'DELETE', `/projects/p/runs/${runId}`);
    expect(before.runs[0]?.status).toBe('PENDING');
    expect(before.requests).toHaveLength(1);
    sandbox.script({ lateMs: 10 });
    const answer = hex(sandbox, 'GET', '/users/me');
    const during = await sandbox.waitFor((ledger) => ledger.counters.faults.lateMs === 1);
    await answer;
    expect(during.requests.at(-1)?.status).toBeNull();
  });
});

describe('two sandboxes in one process', () => {
  it('share nothing', async () => {
    await using one = await startSandbox();
    await using two = await startSandbox({ strict: true });
    await startRun(one);
    expect(two.ledger().runs).toEqual([]);
    expect((await hex(two, 'GET', '/projects/p')).status).toBe(404);
  });
});

describe('the sandbox as a command', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sandbox-'));
  afterEach(() => rmSync(join(scratch, 'script'), { force: true }));
  const options = (...args: string[]) => {
    const command = addSandboxOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }));
    return command.parse(args, { from: 'user' }).opts();
  };
  const from = (...args: string[]) => startFromOptions(options('--port', '0', ...args));

  it('reads every flag', async () => {
    await using sandbox = await from(
      ...[
        '--token',
        'one',
        '--token',
        'two',
        '--read-only-token',
        'reader',
        '--strict',
        '--duration',
        '250ms',
      ],
      ...[
        '--clock-factor',
        '2.5',
        '--limits',
        'on',
        '--kernels',
        '2',
        '--reads-per-minute',
        '7',
        '--retry-after',
      ],
      ...['--dialect', '2026-07', '--legacy', '--no-singular-paths', '--unpublished-status', '404'],
      ...['--unknown-fields', 'reject', '--seed', '9', '--public-url', 'https://hex.example.com'],
      ...['--set', 'cancelFinished=404', '--set', 'rateHeaders={remaining: x-left}'],
    );
    expect((await control(sandbox, 'GET', '/settings')).json).toMatchObject({
      tokens: [expect.any(String), expect.any(String)],
      readOnlyTokens: [expect.any(String)],
      strict: true,
      duration: { pendingMs: 25, runningMs: 225 },
      clockFactor: 2.5,
      limits: { globalPerMinute: 60, readsPerMinute: 7, kernels: 2 },
      retryAfter: true,
      dialect: '2026-07',
      legacy: true,
      singularPaths: false,
      unpublishedStatus: 404,
      unknownFields: 'reject',
      seed: 9,
      publicUrl: 'https://hex.example.com',
      cancelFinished: 404,
      rateHeaders: { remaining: 'x-left' },
    });
  });

  it('limits only what is named when --limits is not given', async () => {
    await using sandbox = await from('--kernels', '1');
    expect((await control(sandbox, 'GET', '/settings')).json.limits).toEqual({ kernels: 1 });
  });

  it.each([
    ['JSON', JSON.stringify([{ match: { operation: 'whoAmI' }, status: 500 }])],
    [
      'YAML',
      'faults:\n  - match: { operation: whoAmI }\n    status: 500\nsettings: { duration: 1h, dialect: 2026-07 }\nruns:\n  - projectId: p\n',
    ],
  ])('reads a script in %s', async (_, text) => {
    writeFileSync(join(scratch, 'script'), text);
    await using sandbox = await from('--script', join(scratch, 'script'), '--dialect', '2026-10');
    expect((await hex(sandbox, 'GET', '/users/me')).status).toBe(500);
    expect((await hex(sandbox, 'GET', '/users/me')).status).toBe(200);
    expect((await control(sandbox, 'GET', '/settings')).json.dialect).toBe('2026-10');
    await control(sandbox, 'POST', '/reset');
    expect((await hex(sandbox, 'GET', '/users/me')).status).toBe(500);
    expect(sandbox.ledger().runs).toHaveLength(text.startsWith('[') ? 0 : 1);
  });

  it.each([
    ['--port', 'x'],
    ['--clock-factor', '0'],
    ['--kernels', '0'],
    ['--dialect', '1999'],
    ['--unpublished-status', '500'],
    ['--set', 'nonsense=1'],
  ])('refuses %s %s', (...args) => {
    expect(() => options(...args)).toThrow();
  });

  it.each([
    [['--duration', 'soon'], /duration/],
    [['--script', '/nowhere/script.json'], /script \/nowhere/],
    [['--tls-key', 'k.pem'], /both --tls-key and --tls-cert/],
  ] as const)('explains what is wrong with %j', async (args, message) => {
    await expect(async () => from(...args)).rejects.toThrow(message);
  });

  it('says in one line where it is and what to export, and stops on a signal', async () => {
    const lines: string[] = [];
    const { promise: said, resolve } = deferred();
    const others = process.listeners('SIGTERM');
    const running = runSandbox(options('--port', '0', '--token', 'hxtp_secret'), (text) => {
      lines.push(text);
      resolve();
    });
    await said;
    const url = /HEX_BASE_URL=(\S+)/.exec(lines.join(''))?.[1] ?? '';
    expect(lines.join('')).toMatch(/^Hex sandbox at .* HEX_API_TOKEN=.*\n$/);
    expect(lines.join('')).not.toContain('secret');
    expect((await fetch(`${url}/_sandbox/health`)).status).toBe(200);
    // Not to all who listen in this process: Temporal's SDK would let no worker of a later test work.
    for (const listener of process.listeners('SIGTERM')) {
      if (!others.includes(listener)) listener('SIGTERM');
    }
    await running;
    await expect(fetch(`${url}/_sandbox/health`)).rejects.toThrow();
  });

  it('says so when the port is taken', async () => {
    await using sandbox = await startSandbox();
    await expect(startSandbox({ port: sandbox.port })).rejects.toThrow(/port is taken/);
  });

  it('serves https with a key and a certificate', async () => {
    await using sandbox = await from('--tls-key', fixture('key.pem'), '--tls-cert', fixture('cert.pem'));
    expect(sandbox.url).toMatch(/^https:/);
    const body = await new Promise<string>((resolve, reject) => {
      const ca = readFileSync(fixture('cert.pem'));
      httpsGet(
        `${sandbox.apiUrl}/projects/p/runs?limit=1&offset=1`,
        { ca, headers: { authorization: 'Bearer x' } },
        (response) => {
          response.setEncoding('utf8').on('data', resolve);
        },
      ).on('error', reject);
    });
    expect(JSON.parse(body).previousPage).toMatch(/^https:/);
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
