import { type Context, cancelled } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admits, readHost, refusalOf } from '../../src/http/hosts.js';
import type { HttpStepResult, PipelineFailureDetails, PipelineResult } from '../../src/index.js';
import { AddressRefusedError, checkedFetch } from '../../src/network/checked-fetch.js';
import { parsePipelineInput } from '../../src/pipeline/boundary.js';
import { failureOf, type Harness, harness, until } from '../support/harness.js';
import { type HttpService, httpService, json } from '../support/http-service.js';
import { hex, replay } from '../support/pipelines.js';

const SECRET = 'Bearer 0d1ff1cult-t0-gue55';
const cleanUps: (() => Promise<void>)[] = [];
let rig: Harness;
let service: HttpService;
let elsewhere: HttpService;

beforeAll(async () => {
  service = await httpService();
  elsewhere = await httpService();
  cleanUps.push(service.close, elsewhere.close);
  rig = await harness({
    sandbox: { duration: 20 },
    env: { HEX_HTTP_HOSTS: `api.example.com, ${service.url}`, HEX_HTTP_SECRET_SHOP: SECRET },
    atEnd: (cleanUp) => cleanUps.push(cleanUp),
  });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const run = async (steps: unknown[]) =>
  (await (await rig.hex.startPipeline({ steps } as never)).result()) as PipelineResult;
const start = (steps: unknown[]) => rig.hex.startPipeline({ steps } as never);
const stepFailure = async (steps: unknown[]) => {
  const failure = await failureOf((await start(steps)).result());
  const [details] = failure.details as [PipelineFailureDetails];
  return { type: details.error?.type, message: details.error?.message ?? '', details };
};
const http = (path: string, more: object = {}) => ({
  id: 'check',
  http: { url: `${service.url}${path}`, ...more },
});
const activities = async (workflowId: string) => {
  const { events } = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
  );
};

describe('an http step', () => {
  it('gives status and JSON of the answer to later steps', async () => {
    service.on('/rows?day=1', json({ rows: 12, tables: ['a', 'b'] }));
    const { steps } = await run([
      http('/rows?day=1', { expect: { json: { tables: ['a', 'b'] } } }),
      hex('load', {
        when: '{{ steps.check.status == 200 }}',
        inputParams: { rows: '{{ steps.check.json.rows }}', table: '{{ steps.check.json.tables[1] }}' },
      }),
    ]);
    expect(steps.check).toMatchObject({ success: true, status: 200, json: { rows: 12 } });
    const load = rig.sandbox.ledger().runs.find(({ projectId }) => projectId === 'load');
    expect(load?.inputParams).toEqual({ rows: 12, table: 'b' });
  });

  it('is refused before any step starts where its host is not listed or a secret is not set', async () => {
    const before = rig.sandbox.ledger().requests.length;
    const failure = await failureOf(
      (
        await start([
          hex('first'),
          { id: 'far', http: { url: `${elsewhere.url}/x` } },
          { id: 'plain', http: { url: 'http://api.example.com/x' } },
          {
            id: 'unset',
            http: { url: 'https://api.example.com', headers: { a: { env: 'HEX_HTTP_SECRET_NONE' } } },
          },
        ])
      ).result(),
    );
    expect(failure.type).toBe('InvalidInput');
    expect(failure.message).toContain(`steps.far.http: http://127.0.0.1:${elsewhere.port} is not listed`);
    expect(failure.message).toContain(
      'steps.plain.http: http://api.example.com is not listed in HEX_HTTP_HOSTS',
    );
    expect(failure.message).toContain('no variable HEX_HTTP_SECRET_NONE');
    expect(rig.sandbox.ledger().requests).toHaveLength(before);
    expect(elsewhere.requests('/x')).toEqual([]);
  });

  it('is refused when it is sent where only an earlier step decides its host', async () => {
    service.on('/where', json({ url: `${elsewhere.url}/y` }));
    const { type, message } = await stepFailure([
      { id: 'where', http: { url: `${service.url}/where` } },
      { id: 'there', http: { url: '{{ steps.where.json.url }}' }, retry: { maxAttempts: 3, delay: '1ms' } },
    ]);
    expect(type).toBe('HttpNotAllowed');
    expect(message).toContain('is not listed in HEX_HTTP_HOSTS');
    expect(elsewhere.requests('/y')).toEqual([]);
  });

  it('follows no redirect', async () => {
    service.on('/moved', (_request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/token?secret=1` }).end();
    });
    const { type, message } = await stepFailure([http('/moved')]);
    expect(type).toBe('HttpNotMet');
    expect(message).toContain(
      `the answer was 302, and 2xx is expected (a redirect to ${elsewhere.url}, which is not`,
    );
    expect(elsewhere.requests('/token?secret=1')).toEqual([]);
  });

  it('asks until the answer is as expected, with one activity in the history', async () => {
    service.on('/ready', (request, response, n) =>
      json({ ready: n > 5 }, n < 3 ? 503 : 200)(request, response, n),
    );
    const handle = await start([
      http('/ready', {
        expect: { status: 200, json: { ready: true } },
        poll: { every: '100ms', within: '1m' },
      }),
    ]);
    await handle.result();
    expect(service.requests('/ready')).toHaveLength(6);
    expect(await activities(handle.workflowId)).toEqual(['sendHttp']);
    await replay(rig, handle.workflowId);
  });

  it('fails with what was answered last when the answer is never as expected', async () => {
    service.on('/never', json({ ready: false }));
    const { type, message } = await stepFailure([
      http('/never', { expect: { json: { ready: true } }, poll: { every: '100ms', within: '2s' } }),
    ]);
    expect(type).toBe('HttpNotMet');
    expect(message).toContain('Not as expected within 2.0s: GET');
    expect(message).toContain('json.ready is false, and true is expected');
    expect(service.requests('/never').length).toBeGreaterThan(3);
  });

  it('ends at once when it is cancelled', async () => {
    service.on('/wait', json({}, 503));
    const handle = await start([http('/wait', { poll: { every: '1h', within: '2h' } })]);
    await until('the first request', async () => service.requests('/wait').length > 0);
    await rig.hex.cancel(handle.workflowId);
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  });

  it('sends a secret by the name of its variable, and keeps it out of history, result and errors', async () => {
    service.on('/echo', (request, response, n) =>
      json({ got: request.headers }, n > 1 ? 418 : 200)(request, response, n),
    );
    const step = http('/echo', {
      headers: { Authorization: { env: 'HEX_HTTP_SECRET_SHOP' }, 'x-a': 'plain' },
    });
    const good = await start([step]);
    expect(((await good.result()).steps.check as HttpStepResult).json).toMatchObject({
      got: { authorization: '[secret]', 'x-a': 'plain' },
    });
    const bad = await start([
      { ...step, http: { ...step.http, expect: { json: { got: { authorization: 'x' } } } } },
    ]);
    const failure = await failureOf(bad.result());
    expect(service.requests('/echo').map(({ headers }) => headers.authorization)).toEqual([SECRET, SECRET]);
    const said = [failure.message, JSON.stringify(failure.details)];
    for (const { workflowId } of [good, bad]) {
      const { events } = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
      // Payloads are in base64.
      const text = JSON.stringify(events);
      said.push(
        text,
        text.replace(/"data":"([^"]*)"/g, (_, data) => Buffer.from(data, 'base64').toString()),
      );
    }
    expect(said.join()).toContain('HEX_HTTP_SECRET_SHOP');
    expect(said.join()).not.toContain('gue55');
  });

  it('tries a GET again after passing troubles', async () => {
    service.on('/flaky', (request, response, n) =>
      n === 1 ? void response.socket?.destroy() : json({ n })(request, response, n),
    );
    expect((await run([http('/flaky')])).steps.check).toMatchObject({ json: { n: 2 } });
  });

  it('sends a POST once when no answer comes, whatever the step retries, and again where it was refused or may come twice', async () => {
    const dropped = (path: string, until: number) =>
      service.on(path, (request, response, n) =>
        n < until ? void response.socket?.destroy() : json({ n })(request, response, n),
      );
    dropped('/once', 9);
    dropped('/twice', 2);
    service.on('/busy', (request, response, n) => json({}, n === 1 ? 429 : 201)(request, response, n));
    const post = (path: string, more: object = {}) =>
      http(path, { method: 'POST', body: { day: 1 }, ...more });
    const [once] = await Promise.all([
      stepFailure([{ ...post('/once'), retry: { maxAttempts: 3, delay: '1ms' } }]),
      run([post('/twice', { idempotent: true })]),
      run([post('/busy')]),
    ]);
    expect(once.type).toBe('HttpOutcomeUnknown');
    expect(service.requests('/once')).toHaveLength(1);
    for (const path of ['/twice', '/busy']) {
      const [first, second, ...others] = service.requests(path);
      expect(others).toEqual([]);
      expect(first?.text).toBe('{"day":1}');
      expect(first?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}\/step\/1\/check$/);
      expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    }
  });

  it('sends a POST once when its worker is lost after that, and again where it may come twice', async () => {
    for (const path of ['/lost', '/lost-twice']) service.on(path, json({}));
    const { hex, work } = await harness({ worker: false, env: { HEX_HTTP_HOSTS: service.url } });
    // What the first attempt says never arrives.
    const lost = ({ info }: Context) => ({
      inbound: {
        async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
          const answer = await next(input);
          return info.activityType === 'sendHttp' && info.attempt === 1 ? cancelled() : answer;
        },
      },
    });
    await work({ interceptors: { activity: [lost] } });
    const post = { method: 'POST', timeout: '2s' };
    const steps = [
      http('/lost', post),
      { ...http('/lost-twice', { ...post, idempotent: true }), id: 'twice', dependsOn: [] },
    ];
    const failure = await failureOf((await hex.startPipeline({ steps } as never)).result());
    const [{ error }] = failure.details as [PipelineFailureDetails];
    expect(error).toMatchObject({ type: 'HttpOutcomeUnknown' });
    expect(error?.message).toContain('may have been sent by a worker that was lost, and is not sent again');
    expect(service.requests('/lost')).toHaveLength(1);
    expect(service.requests('/lost-twice')).toHaveLength(2);
  }, 30_000);

  it('keeps a large answer out of the history', async () => {
    service.on('/large', json({ ok: true, rows: 'x'.repeat(40_000) }));
    service.on('/huge', json({ rows: 'x'.repeat(1_100_000) }));
    const { steps } = await run([
      http('/large', { expect: { json: { ok: true } } }),
      { ...http('/huge'), id: 'huge' },
    ]);
    expect(steps).toMatchObject({
      check: { status: 200, json: null, truncated: true },
      huge: { status: 200, json: null, truncated: true },
    });
  });

  it('keeps its result in a rerun', async () => {
    service.on('/first', json({ day: '2026-01-31' }));
    rig.sandbox.script([{ match: { projectId: 'breaks-once' }, endAs: 'ERRORED', times: 1 }]);
    const handle = await start([
      http('/first'),
      hex('breaks-once', { inputParams: { day: '{{ steps.check.json.day }}' } }),
    ]);
    await failureOf(handle.result());
    const again = await rig.hex.rerun(handle.workflowId);
    expect(await again.handle.result()).toMatchObject({
      steps: { check: { status: 200, json: { day: '2026-01-31' } } },
      reused: ['check'],
    });
    expect(service.requests('/first')).toHaveLength(1);
  });
});

describe('the address that a request goes to', () => {
  const hosts = [
    'api.example.com',
    '*.example.org',
    'quality.corp',
    'http://localhost:9000',
    '10.1.2.3',
    'http://169.254.10.10:80',
  ].map(readHost);

  it.each([
    ['https://api.example.com/a', null],
    ['https://API.example.com./a', null],
    [
      'https://api.example.com:8443/',
      'is not listed in HEX_HTTP_HOSTS, which has the host for https, port 443 only',
    ],
    ['http://api.example.com/', 'add http://api.example.com'],
    ['https://x.api.example.com/', 'is not a host that the workers may send requests to'],
    ['https://a.b.example.org/', null],
    ['https://example.org/', 'is not a host'],
    ['https://evilexample.org/', 'is not a host'],
    ['http://localhost:9000/', null],
    ['http://127.0.0.1:9000/', 'is not a host'],
    ['http://2130706433:9000/', 'is not a host'],
    ['https://10.1.2.3/', null],
    ['https://[::ffff:10.1.2.3]/', 'is not a host'],
    ['http://169.254.10.10/', null],
    ['http://169.254.169.254/', 'is not a host'],
  ])('%s: %s', (url, refusal) => {
    if (refusal === null) expect(refusalOf(hosts, new URL(url))).toBeNull();
    else expect(refusalOf(hosts, new URL(url))).toContain(refusal);
  });

  it.each([
    ['api.example.com', '93.184.216.34', true],
    ['api.example.com', '10.0.0.1', true],
    ['api.example.com', '169.254.169.254', false],
    ['api.example.com', 'fd00:ec2::254', false],
    ['api.example.com', '0.0.0.0', false],
    ['api.example.com', '::ffff:169.254.169.254', false],
    ['a.example.org', '2606:2800:220:1::1', true],
    ['a.example.org', '10.0.0.1', false],
    ['a.example.org', '127.0.0.1', false],
    ['a.example.org', '::1', false],
    ['a.example.org', '::ffff:10.0.0.1', false],
    ['a.example.org', 'fe80::1%eth0', false],
    ['quality.corp', '192.168.1.1', true],
    ['nobody.example.net', '93.184.216.34', false],
  ])('%s at %s: %s', (host, address, expected) => {
    expect(admits(hosts, host, address)).toBe(expected);
  });

  it('is looked at once and then used, so that a second answer of the name server changes nothing', async () => {
    service.on('/', json({}));
    const looked: string[] = [];
    const url = new URL(`http://localhost:${service.port}/`);
    const firstOnly = (_host: string, address: string) =>
      address === '127.0.0.1' && looked.push(address) === 1;
    expect((await checkedFetch(url, {}, firstOnly)).status).toBe(200);
    expect(looked).toEqual(['127.0.0.1']);
    const refused = await checkedFetch(url, {}, () => false).catch((error: Error) => error.cause);
    expect(refused).toBeInstanceOf(AddressRefusedError);
    expect(service.requests('/')).toHaveLength(1);
  });

  it.each(['*', '*.com', '*.10.0.0.1', 'a b', 'https://x/path', 'user@host', 'ftp://x'])(
    'the list refuses "%s"',
    (entry) => {
      expect(() => readHost(entry)).toThrow(/is not a host|would be every name/);
    },
  );
});

it.each<[object, string]>([
  [{}, 'steps[0].http.url: is required'],
  [{ url: 'api.example.com' }, 'steps[0].http.url: must be a web address'],
  [{ url: 'https://u:p@x.de/' }, 'steps[0].http.url: must have no user or password'],
  [{ url: 'https://x.de/#a' }, 'steps[0].http.url: must have no "#"'],
  [{ url: 'https://x.de/', method: 'get' }, 'steps[0].http.method: must be one of GET'],
  [
    { url: 'https://x.de/', headers: { authorization: 'Bearer x' } },
    'steps[0].http.headers.authorization: is a secret',
  ],
  [
    { url: 'https://x.de/', headers: { x: { env: 'HEX_API_TOKEN' } } },
    'steps[0].http.headers.x.env: must be text of one line',
  ],
  [
    { url: 'https://x.de/', headers: { x: { env: 'HEX_HTTP_SECRET_A_FILE' } } },
    'steps[0].http.headers.x.env: must be text',
  ],
  [
    { url: 'https://x.de/', headers: { Host: 'y' } },
    'steps[0].http.headers.Host: is set by the request itself',
  ],
  [{ url: 'https://x.de/', headers: { 'a b': 'y' } }, 'is not the name of a header'],
  [{ url: 'https://x.de/', body: {} }, 'steps[0].http.body: is not sent with GET'],
  [
    { url: 'https://x.de/', expect: { status: 99 } },
    'steps[0].http.expect.status: must be a status such as 200',
  ],
  [{ url: 'https://x.de/', expect: { text: 'x' } }, 'steps[0].http.expect.text: unknown field'],
  [
    { url: 'https://x.de/', method: 'POST', poll: {} },
    'steps[0].http.poll: would send the POST again and again',
  ],
  [{ url: 'https://x.de/', poll: { every: '2h' } }, 'steps[0].http.poll.every: is longer than "within"'],
  [{ url: 'https://x.de/', timeout: '11m' }, 'steps[0].http.timeout: must be ten minutes or less'],
  [{ url: '{{ params.nope }}' }, 'steps[0].http.url: "params.nope" is not known'],
])('%j is refused: %s', (definition, problem) => {
  const parsed = parsePipelineInput({ steps: [{ http: definition }] });
  const problems = parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  expect(problems).toEqual([expect.stringContaining(problem)]);
});
