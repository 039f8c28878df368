import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError, KNOWN_VARIABLES, loadConfig, loadDotEnv } from '../../src/config.js';
import { tuned } from '../../src/worker/tuning.js';

const SECRET = `hxtw_${'ab12'.repeat(24)}`;

async function tempFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

function problemsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { variable, message } of error.problems)
      expect(error.message).toContain(`  ${variable} ${message}`);
    return Object.fromEntries(error.problems.map(({ variable, message }) => [variable, message]));
  }
  throw new Error('The configuration was taken');
}

describe('the environment becomes one typed configuration', () => {
  it('with nothing but a token, all else has defaults', async () => {
    const config = loadConfig({ HEX_API_TOKEN: `${SECRET}\n`, UNRELATED: 'x' });
    expect(config).toEqual({
      taskQueue: 'hex',
      limitsTaskQueue: null,
      patienceMs: 600_000,
      janitor: 'report',
      keeper: 'on',
      build: null,
      connections: {
        default: { name: 'default', baseUrl: 'https://app.hex.tech', token: expect.any(Function) },
      },
      limits: { default: {} },
      reads: { default: { perMinute: 30, perHour: 1_800 } },
      pipelinesDir: null,
      http: { hosts: [], secrets: {} },
      converter: { keys: [], module: null },
      tuning: {
        cachedWorkflows: null,
        workflowTasks: null,
        activities: null,
        workflowPollers: null,
        activityPollers: null,
      },
      webhooks: {},
      alerts: [],
      unreachableAfterMs: 900_000,
      temporalUiUrl: null,
      metricsAddress: null,
      otlpEndpoint: null,
      log: { level: 'info', format: 'text' },
    });
    expect(await config.connections.default?.token()).toBe(SECRET);
  });

  it('with every variable', () => {
    const config = loadConfig({
      HEX_API_TOKEN: SECRET,
      HEX_BASE_URL: 'https://eu.hex.tech/api/v1/',
      HEX_LEGACY_PATHS: 'true',
      HEX_REQUEST_TIMEOUT: '1m30s',
      HEX_TASK_QUEUE: 'mine',
      HEX_LIMITS_TASK_QUEUE: 'shared',
      HEX_PATIENCE: '30s',
      HEX_WORKER_BUILD_ID: '2026.11.23-1',
    });
    expect(config).toMatchObject({
      taskQueue: 'mine',
      limitsTaskQueue: 'shared',
      patienceMs: 30_000,
      build: { deploymentName: 'temporal-hex', buildId: '2026.11.23-1' },
      connections: { default: { baseUrl: 'https://eu.hex.tech', legacyPaths: true, timeoutMs: 90_000 } },
    });
  });

  it('with further connections, each its own', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'token'), 'from-file\n');
    const { connections } = loadConfig({
      HEX_API_TOKEN: 'first',
      HEX_REQUEST_TIMEOUT: '5s',
      HEX_CONNECTION_EU_WEST_API_TOKEN_FILE: join(folder, 'token'),
      HEX_CONNECTION_EU_WEST_BASE_URL: 'https://eu.hex.tech',
      HEX_CONNECTION_TEST_API_TOKEN: 'third',
      HEX_CONNECTION_TEST_BASE_URL: 'http://localhost:3000',
      HEX_CONNECTION_TEST_LEGACY_PATHS: 'no',
      HEX_CONNECTION_TEST_REQUEST_TIMEOUT: '100ms',
    });
    expect(connections).toMatchObject({
      default: { name: 'default', timeoutMs: 5_000 },
      'eu-west': { name: 'eu-west', baseUrl: 'https://eu.hex.tech' },
      test: { name: 'test', baseUrl: 'http://localhost:3000', legacyPaths: false, timeoutMs: 100 },
    });
    expect(Object.keys(connections)).toEqual(['default', 'eu-west', 'test']);
    expect(connections['eu-west']).not.toHaveProperty('timeoutMs');
    expect(await connections['eu-west']?.token()).toBe('from-file\n');
  });

  it('with limits that differ from the known ones, for each connection', () => {
    const { limits } = loadConfig({
      HEX_API_TOKEN: SECRET,
      HEX_STARTS_PER_HOUR: '120',
      HEX_KERNELS: 'none',
      HEX_CONNECTION_EU_API_TOKEN: 'x',
      HEX_CONNECTION_EU_LIMITS: 'off',
    });
    expect(limits).toEqual({ default: { starts: { perHour: 120 }, kernels: null }, eu: 'off' });
  });

  it('with what http steps may reach, and secrets from variables and files', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'secret'), 'from-file\n');
    const { http } = loadConfig({
      HEX_API_TOKEN: SECRET,
      HEX_HTTP_HOSTS: 'API.example.com, *.shop.example ,http://localhost:9000',
      HEX_HTTP_SECRET_A: ' Bearer x ',
      HEX_HTTP_SECRET_B_FILE: join(folder, 'secret'),
    });
    expect(http.hosts).toEqual([
      { name: 'api.example.com', wildcard: false, plain: false, port: 443 },
      { name: 'shop.example', wildcard: true, plain: false, port: 443 },
      { name: 'localhost', wildcard: false, plain: true, port: 9000 },
    ]);
    expect(await http.secrets.HEX_HTTP_SECRET_A?.()).toBe('Bearer x');
    expect(await http.secrets.HEX_HTTP_SECRET_B?.()).toBe('from-file');
    expect(inspect(http)).not.toContain('Bearer');
    expect(
      problemsOf({
        HEX_API_TOKEN: SECRET,
        HEX_HTTP_HOSTS: 'https://x/y,ok.example',
        HEX_HTTP_SECRET_A: 'a',
        HEX_HTTP_SECRET_A_FILE: 'b',
        HEX_HTTP_SECRET_b: 'c',
        HEX_HTTP_SECRET_C: 'two\nlines',
      }),
    ).toEqual({
      HEX_HTTP_HOSTS: expect.stringContaining('"https://x/y" is not a host'),
      HEX_HTTP_SECRET_A: 'and HEX_HTTP_SECRET_A_FILE are both set: leave one out',
      HEX_HTTP_SECRET_b: expect.stringContaining('is no name of a secret'),
      HEX_HTTP_SECRET_C: expect.stringContaining('must be one line'),
    });
  });

  it('with a clock factor, for a sandbox whose minutes are shorter', () => {
    const { limits, reads } = loadConfig({ HEX_API_TOKEN: SECRET, HEX_CLOCK_FACTOR: '60', HEX_KERNELS: '5' });
    expect(limits).toEqual({
      default: { minuteMs: 1_000, marginMs: 1_000 / 60, agingMs: 60_000, kernels: 5 },
    });
    expect(reads).toEqual({ default: { perMinute: 30, perHour: 1_800, minuteMs: 1_000 } });
    expect(problemsOf({ HEX_API_TOKEN: SECRET, HEX_CLOCK_FACTOR: '0.5' })).toEqual({
      HEX_CLOCK_FACTOR: expect.stringContaining('--clock-factor'),
    });
  });

  it('a variable that is set to nothing is not set', () => {
    const config = loadConfig({
      HEX_API_TOKEN: SECRET,
      HEX_API_TOKEN_FILE: '',
      HEX_BASE_URL: '',
      HEX_TASK_QUEUE: '',
    });
    expect(config.taskQueue).toBe('hex');
  });

  it('a named connection alone is enough', () => {
    expect(Object.keys(loadConfig({ HEX_CONNECTION_EU_API_TOKEN: 'x' }).connections)).toEqual(['eu']);
  });

  it('a command that only talks to Temporal needs no token', () => {
    const config = loadConfig({ HEX_BASE_URL: 'https://eu.hex.tech' }, { requireToken: false });
    expect(config.connections).toEqual({});
  });

  it('with webhooks of every format, and who gets the alerts', async () => {
    const { webhooks, alerts, temporalUiUrl, unreachableAfterMs } = loadConfig({
      HEX_API_TOKEN: SECRET,
      HEX_NOTIFY_OPS_URL: 'https://hooks.example.com/x',
      HEX_NOTIFY_OPS_SECRET: SECRET,
      HEX_NOTIFY_OPS_HEADERS: '{"x-team": "data"}',
      HEX_NOTIFY_TEAM_CHAT_URL: 'https://chat.example.com',
      HEX_NOTIFY_TEAM_CHAT_FORMAT: 'teams',
      HEX_NOTIFY_ON_CALL_FORMAT: 'pagerduty',
      HEX_NOTIFY_ON_CALL_ROUTING_KEY: 'a1'.repeat(16),
      HEX_NOTIFY_ALERTS: 'on-call, ops',
      HEX_UNREACHABLE_AFTER: '5m',
      TEMPORAL_UI_URL: 'https://temporal.example.com/ui/',
    });
    expect(Object.fromEntries(Object.entries(webhooks).map(([name, { format }]) => [name, format]))).toEqual({
      ops: 'json',
      'team-chat': 'teams',
      'on-call': 'pagerduty',
    });
    expect(await webhooks['on-call']?.url()).toBe('https://events.pagerduty.com/v2/enqueue');
    expect(await webhooks['on-call']?.routingKey?.()).toBe('a1'.repeat(16));
    expect(await webhooks.ops?.secret?.()).toBe(SECRET);
    expect({ alerts, temporalUiUrl, unreachableAfterMs }).toEqual({
      alerts: ['on-call', 'ops'],
      temporalUiUrl: 'https://temporal.example.com/ui',
      unreachableAfterMs: 300_000,
    });
    expect(inspect(webhooks, { depth: 9, showHidden: true }) + JSON.stringify(webhooks)).not.toContain(
      SECRET,
    );
  });

  it('the token does not show when the configuration is printed', () => {
    const config = loadConfig({ HEX_API_TOKEN: SECRET });
    expect(inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config)).not.toContain(SECRET);
  });
});

describe('a configuration that cannot be used says variable, problem and remedy', () => {
  it('a webhook, without showing what may be a secret', () => {
    const secret = '5ec7e7';
    const env = {
      HEX_API_TOKEN: SECRET,
      HEX_NOTIFY_A_URL: secret,
      HEX_NOTIFY_B_URL: `https://user:${secret}@example.com`,
      HEX_NOTIFY_C_FORMAT: 'slack',
      HEX_NOTIFY_D_URL: 'https://example.com',
      HEX_NOTIFY_D_FORMAT: 'xml',
      HEX_NOTIFY_E_FORMAT: 'pagerduty',
      HEX_NOTIFY_F_URL: 'https://example.com',
      HEX_NOTIFY_F_ROUTING_KEY: secret.padEnd(32, '0'),
      HEX_NOTIFY_G_URL: 'https://example.com',
      HEX_NOTIFY_G_SECRET: secret,
      HEX_NOTIFY_H_URL: 'https://example.com',
      HEX_NOTIFY_H_HEADERS: `{"authorization": "${secret}"`,
      HEX_NOTIFY_I_URL: 'https://example.com',
      HEX_NOTIFY_I_HEADERS: `{"Content-Type": "${secret}"}`,
      HEX_NOTIFY_J_URL: 'https://example.com',
      HEX_NOTIFY_J_URL_FILE: '/run/secrets/j',
      HEX_NOTIFY_K: secret,
      HEX_NOTIFY_ALERTS: 'd,dd',
      TEMPORAL_UI_URL: 'temporal.example.com',
    };
    const problems = problemsOf(env);
    expect(problems).toEqual({
      HEX_NOTIFY_A_URL: expect.stringContaining('not a web address'),
      HEX_NOTIFY_B_URL: expect.stringContaining('"authorization"'),
      HEX_NOTIFY_C_URL: expect.stringContaining('is missing'),
      HEX_NOTIFY_D_FORMAT: 'must be one of json, slack, teams, pagerduty',
      HEX_NOTIFY_E_ROUTING_KEY: expect.stringContaining('is missing'),
      HEX_NOTIFY_F_ROUTING_KEY: expect.stringContaining('only for the format pagerduty'),
      HEX_NOTIFY_G_SECRET: expect.stringContaining('at least 16'),
      HEX_NOTIFY_H_HEADERS: expect.stringContaining('must be a JSON object'),
      HEX_NOTIFY_I_HEADERS: expect.stringContaining('"Content-Type" is set by the message itself'),
      HEX_NOTIFY_J_URL: expect.stringContaining('are both set'),
      HEX_NOTIFY_K: expect.stringContaining('write HEX_NOTIFY_K_URL'),
      HEX_NOTIFY_ALERTS: expect.stringContaining('did you mean "d"?'),
      TEMPORAL_UI_URL: expect.stringContaining('https://temporal.example.com'),
    });
    expect(JSON.stringify(problems)).not.toContain(secret);
  });

  it('a missing token', () => {
    expect(problemsOf({})).toEqual({
      HEX_API_TOKEN: 'is missing: set it to a token of Hex, or HEX_API_TOKEN_FILE to a file that holds one',
    });
  });

  it('a token and a token file', () => {
    const both = problemsOf({ HEX_API_TOKEN: SECRET, HEX_API_TOKEN_FILE: '/run/secrets/hex' });
    expect(both).toEqual({ HEX_API_TOKEN: 'and HEX_API_TOKEN_FILE are both set: leave one out' });
  });

  it('a further connection without a token', () => {
    expect(problemsOf({ HEX_API_TOKEN: 'x', HEX_CONNECTION_EU_BASE_URL: 'https://eu.hex.tech' })).toEqual({
      HEX_CONNECTION_EU_API_TOKEN:
        'is missing: set it, or HEX_CONNECTION_EU_API_TOKEN_FILE, to give the connection a token',
    });
  });

  const bad: [string, string, RegExp][] = [
    ['HEX_BASE_URL', 'http://hex.example', /plain http would send the token readable to hex\.example/],
    ['HEX_BASE_URL', 'https://app.hex.tech/api/v2', /path other than \/api\/v1; set it to the host/],
    ['HEX_LEGACY_PATHS', 'perhaps', /write true or false/],
    ['HEX_REQUEST_TIMEOUT', '30', /is not a duration from 1ms to 10m/],
    ['HEX_REQUEST_TIMEOUT', '1h', /is not a duration from 1ms to 10m/],
    ['HEX_PATIENCE', '-1s', /is not a duration from 1ms to 24h/],
    ['HEX_TASK_QUEUE', '  ', /is blank/],
    ['HEX_LIMITS_TASK_QUEUE', '  ', /is blank/],
    ['HEX_KERNELS', '2.5', /is not a limit: write a whole number/],
    ['HEX_API_TOKEN', `Bearer ${SECRET}`, /spaces.*without "Bearer"/],
    ['HEX_API_TOKEN', `${SECRET}\n${SECRET}`, /line breaks/],
    ['HEX_API_TOKEN', '  ', /empty/],
    ['HEX_API_TOKEN', '""', /empty/],
    ['HEX_API_TOKEN', `"${SECRET}`, /quotes/],
    ['HEX_BASEURL', 'https://eu.hex.tech', /an unknown setting; did you mean "HEX_BASE_URL"\?/],
    ['HEX_TASKQUEUE', 'mine', /did you mean "HEX_TASK_QUEUE"\?/],
    ['HEX_API_KEY', SECRET, /an unknown setting: it is called HEX_API_TOKEN here/],
    ['HEX_TOKEN', SECRET, /called HEX_API_TOKEN here/],
    ['HEX_API_BASE_URL', 'https://eu.hex.tech', /called HEX_BASE_URL here/],
    ['HEX_API_URL', 'https://eu.hex.tech', /called HEX_BASE_URL here/],
    ['HEX_HOME', '/root/.hex', /: unset it; the settings are HEX_API_TOKEN, /],
    [
      'HEX_CONNECTION_EU_TOKEN',
      SECRET,
      /is not a setting of a connection: write HEX_CONNECTION_<NAME>_ and one of API_TOKEN,/,
    ],
    ['HEX_CONNECTION_API_TOKEN', SECRET, /is not a setting of a connection/],
    ['HEX_CONNECTION__API_TOKEN', SECRET, /is not a setting of a connection/],
    ['HEX_CONNECTION_DEFAULT_API_TOKEN', SECRET, /write HEX_API_TOKEN/],
  ];
  for (const [variable, value, message] of bad)
    it(`${variable}=${value.replaceAll(SECRET, '…').replace('\n', '\\n')}`, () => {
      const problems = problemsOf({ HEX_API_TOKEN: 'good', [variable]: value });
      expect(Object.keys(problems)).toEqual([variable]);
      expect(problems[variable]).toMatch(message);
      expect(problems[variable]).not.toContain('ab12');
    });

  it('one connection under two spellings', () => {
    const problems = problemsOf({
      HEX_CONNECTION_eu_API_TOKEN: 'x',
      HEX_CONNECTION_EU_BASE_URL: 'https://x.example',
    });
    expect(Object.values(problems)).toEqual(['names connection "eu" a second time: spell it one way']);
  });

  it('all at once', () => {
    const problems = problemsOf({
      HEX_BASE_URL: 'nonsense',
      HEX_LEGACY_PATHS: 'x',
      HEX_REQUEST_TIMEOUT: 'x',
      HEX_PATIENCE: 'x',
      HEX_CONNECTION_EU_BASE_URL: 'ftp://x',
      HEX_CONNECTION_EU_TYPO: '1',
    });
    expect(Object.keys(problems).sort()).toEqual([
      'HEX_BASE_URL',
      'HEX_CONNECTION_EU_BASE_URL',
      'HEX_CONNECTION_EU_TYPO',
      'HEX_LEGACY_PATHS',
      'HEX_PATIENCE',
      'HEX_REQUEST_TIMEOUT',
    ]);
  });
});

it.each(["'", '"'])(
  'a pair of quotes (%s) around the token, as docker --env-file leaves it, is dropped',
  async (quote) => {
    const { connections } = loadConfig({ HEX_API_TOKEN: ` ${quote}${SECRET}${quote} ` });
    expect(await connections.default?.token()).toBe(SECRET);
  },
);

it('what Kubernetes sets for a service whose name begins with hex is no misspelt variable', () => {
  const ofServices = {
    HEX_SANDBOX_SERVICE_HOST: '10.0.0.1',
    HEX_SANDBOX_SERVICE_PORT: '3000',
    HEX_SANDBOX_SERVICE_PORT_HTTP: '3000',
    HEX_SANDBOX_PORT: 'tcp://10.0.0.1:3000',
    HEX_SANDBOX_PORT_3000_TCP: 'tcp://10.0.0.1:3000',
    HEX_SANDBOX_PORT_3000_TCP_ADDR: '10.0.0.1',
  };
  expect(loadConfig({ HEX_API_TOKEN: 'x', HEX_BASEURL: '', ...ofServices }).taskQueue).toBe('hex');
});

it('docs/configuration.md lists every HEX_ variable that is read, and no other', async () => {
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `(HEX_[A-Z_]+)` \|/gm)].map(([, name]) => name);
  const read = [...KNOWN_VARIABLES, 'HEX_NOTIFY_ALERTS'].filter((name) => name.startsWith('HEX_'));
  expect(listed.sort()).toEqual(read.sort());
});

describe('a .env file fills in what the environment leaves open', () => {
  it('and the environment wins', async () => {
    const path = join(await tempFolder(), '.env');
    await writeFile(
      path,
      'HEX_API_TOKEN="from file"\n# a note\nHEX_TASK_QUEUE=from-file\nHEX_BASE_URL=https://x\n',
    );
    const env: NodeJS.ProcessEnv = { HEX_TASK_QUEUE: 'real', HEX_BASE_URL: '' };
    expect(loadDotEnv(path, env)).toEqual(['HEX_API_TOKEN']);
    expect(env).toEqual({ HEX_API_TOKEN: 'from file', HEX_TASK_QUEUE: 'real', HEX_BASE_URL: '' });
  });

  it('also a real token file over a token in the file, and the other way round', async () => {
    const path = join(await tempFolder(), '.env');
    await writeFile(path, 'HEX_API_TOKEN=from-file\nHEX_CONNECTION_EU_API_TOKEN_FILE=/from/file\n');
    const env: NodeJS.ProcessEnv = { HEX_API_TOKEN_FILE: '/real', HEX_CONNECTION_EU_API_TOKEN: 'real' };
    expect(loadDotEnv(path, env)).toEqual([]);
  });

  it('is no error when it is missing', async () => {
    expect(loadDotEnv(join(await tempFolder(), '.env'), {})).toEqual([]);
  });

  it('is one when it cannot be read', async () => {
    const path = join(await tempFolder(), '.env');
    await mkdir(path);
    expect(() => loadDotEnv(path, {})).toThrow(/\.env cannot be read \(EISDIR\): make it readable/);
  });
});

describe('how much a worker does at once', () => {
  const tuning = (env: Record<string, string>) => tuned(loadConfig({ HEX_API_TOKEN: SECRET, ...env }));

  it('is 250 cached workflows and the defaults of the SDK, or what the variables say', () => {
    expect(tuning({})).toEqual({ maxCachedWorkflows: 250 });
    expect(
      tuning({
        HEX_WORKER_CACHED_WORKFLOWS: '0',
        HEX_WORKER_WORKFLOW_TASKS: '60',
        HEX_WORKER_ACTIVITIES: '200',
        HEX_WORKER_WORKFLOW_POLLERS: '30',
        HEX_WORKER_ACTIVITY_POLLERS: '20',
      }),
    ).toEqual({
      maxCachedWorkflows: 0,
      maxConcurrentWorkflowTaskExecutions: 60,
      maxConcurrentActivityTaskExecutions: 200,
      maxConcurrentWorkflowTaskPolls: 30,
      maxConcurrentActivityTaskPolls: 20,
    });
  });

  it.each([
    ['HEX_WORKER_CACHED_WORKFLOWS', 'many', 'must be a whole number from 0 to 100000'],
    ['HEX_WORKER_WORKFLOW_TASKS', '1', 'must be a whole number from 2 to 10000'],
    ['HEX_WORKER_WORKFLOW_POLLERS', '41', 'must not be more than HEX_WORKER_WORKFLOW_TASKS, which is 40'],
  ])('%s=%s is refused', (name, value, message) => {
    expect(() => tuning({ [name]: value })).toThrow(`${name} ${message}`);
  });
});

it('the build may come from the Temporal Worker Controller, and HEX_ variables win', () => {
  const controller = { TEMPORAL_DEPLOYMENT_NAME: 'prod/temporal-hex', TEMPORAL_WORKER_BUILD_ID: 'v1-abcd' };
  const build = (env: Record<string, string>) => loadConfig({ HEX_API_TOKEN: SECRET, ...env }).build;
  expect(build(controller)).toEqual({ deploymentName: 'prod/temporal-hex', buildId: 'v1-abcd' });
  expect(build({ ...controller, HEX_WORKER_DEPLOYMENT: 'hex', HEX_WORKER_BUILD_ID: '2' })).toEqual({
    deploymentName: 'hex',
    buildId: '2',
  });
});
