import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KNOWN_VARIABLES } from '../../src/config.js';

interface Service {
  image: string;
  build?: string;
  user?: string;
  restart?: string;
  profiles?: string[];
  volumes?: string[];
  networks?: Record<string, { aliases: string[] }>;
  command?: string[];
  network_mode?: string;
  ports?: string[];
  secrets?: string[];
  stop_grace_period?: string;
  mem_limit?: string;
  healthcheck?: { test: string[] };
  logging?: { options?: Record<string, string> };
  depends_on?: Record<string, { condition: string; required?: boolean }>;
  environment?: Record<string, string | number | null>;
  env_file?: { path: string; required: boolean }[];
}

interface Compose {
  services: Record<string, Service>;
  secrets: Record<string, { environment?: string; file?: string }>;
}

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const read = (relative: string) => readFileSync(path(relative), 'utf8');

/** What a fresh clone sets: nothing, so that every default holds. */
const withDefaults = (text: string) => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');

const composeText = read('docker-compose.yml');
const compose: Compose = parse(withDefaults(composeText), { merge: true });
const services = Object.entries(compose.services);
const withSandbox: Compose = parse(read('docker/compose.sandbox.yml'));
const service = (name: string): Service => {
  const found = compose.services[name];
  if (!found) throw new Error(`no service ${name}`);
  return found;
};

/** Folders and files of ours that a service mounts: where they are, and where it finds them. */
const mounts = (one: Service | undefined) =>
  (one?.volumes ?? [])
    .filter((volume) => volume.startsWith('./'))
    .map((volume) => volume.slice(2).split(':').slice(0, 2));

const scripts = [
  'docker/init-env.sh',
  'docker/keep-native-library.sh',
  'docker/temporal/create-namespace.sh',
  'docker/temporal/setup-schema.sh',
  'docker/temporal/start-server.sh',
];

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'temporal-hex-compose-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** An executable in `dir/bin` that notes how it was called in `dir/<name>.log`, then does what `body` says. */
async function stub(name: string, body = ''): Promise<void> {
  await mkdir(join(dir, 'bin'), { recursive: true });
  const file = join(dir, 'bin', name);
  await writeFile(file, `#!/bin/sh\necho "$*" >>"${dir}/${name}.log"\n${body}\n`);
  await chmod(file, 0o755);
}

const calls = async (name: string) => (await readFile(join(dir, `${name}.log`), 'utf8')).trim().split('\n');

function sh(script: string, args: string[] = [], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('sh', [script, ...args], {
    encoding: 'utf8',
    env: { PATH: `${join(dir, 'bin')}:${process.env.PATH}`, ...env },
  });
  return { status, output: stdout + stderr };
}

describe('the compose file', () => {
  it('pins every image to one version, the tools to that of the server, and none is the deprecated auto-setup', () => {
    const images = services.filter(([, { build }]) => !build).map(([, { image }]) => image);
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(image).toMatch(/^[a-z/-]+:v?\d+\.\d+(\.\d+)?(-bookworm)?$/);
    expect(images.join()).not.toContain('auto-setup');
    const [, version] = service('temporal').image.split(':');
    for (const tools of ['temporal-schema', 'temporal-namespace'])
      expect(service(tools).image).toBe(`temporalio/admin-tools:${version}`);
  });

  it('publishes ports on localhost only, and never the database', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports);
    expect(ports).toEqual([
      '127.0.0.1:7233:7233',
      '127.0.0.1:8233:8080',
      '127.0.0.1:8400:8400',
      '127.0.0.1:9090:9090',
      '127.0.0.1:3000:3000',
    ]);
    expect(service('postgres').ports).toBeUndefined();
  });

  it('holds no secret: containers find them in files, which are filled from the environment', () => {
    for (const [name, { environment = {} }] of services) {
      for (const [variable, value] of Object.entries(environment)) {
        if (!/TOKEN|PASSWORD|PWD|SECRET/.test(variable)) continue;
        expect(variable, name).toMatch(/_FILE$/);
        expect(value, name).toMatch(/^\/run\/secrets\//);
        expect(service(name).secrets, name).toContain(String(value).replace('/run/secrets/', ''));
      }
    }
    expect(compose.secrets).toEqual({
      postgres_password: { environment: 'POSTGRES_PASSWORD' },
      hex_api_token: { environment: 'HEX_API_TOKEN' },
      console_token: { environment: 'CONSOLE_TOKEN' },
    });
    const example = read('.env.example');
    expect(example).toMatch(/^POSTGRES_PASSWORD=$/m);
    expect(example).not.toMatch(/^HEX_API_TOKEN/m);
  });

  it('starts the services in an order that has no cycle and ends with the worker', () => {
    const chain = [];
    for (let name = 'worker'; ; ) {
      const [dependency, ...more] = Object.entries(service(name).depends_on ?? {});
      if (!dependency) break;
      expect(more).toEqual([]);
      expect(chain.length).toBeLessThan(services.length);
      chain.push([dependency[0], dependency[1].condition]);
      name = dependency[0];
    }
    expect(chain).toEqual([
      ['temporal-namespace', 'service_completed_successfully'],
      ['temporal', 'service_healthy'],
      ['temporal-schema', 'service_completed_successfully'],
      ['postgres', 'service_healthy'],
      ['settings', 'service_completed_successfully'],
    ]);
    expect(service('temporal-ui').depends_on).toEqual({ temporal: { condition: 'service_healthy' } });
  });

  it('waits for nothing that cannot happen: what must be healthy has a check, what must complete is not restarted', () => {
    for (const [, { depends_on = {} }] of services) {
      for (const [name, { condition, required }] of Object.entries(depends_on)) {
        // What is not required may fail, and Compose goes on.
        expect(required, name).not.toBe(false);
        if (condition === 'service_healthy') expect(service(name).healthcheck?.test[0], name).toBe('CMD');
        else expect(service(name).restart, name).toBe('no');
      }
    }
  });

  it('gives a worker more time to stop than it takes to give up its activities', () => {
    const forced = /SHUTDOWN_FORCE = '(\d+)s'/.exec(read('src/worker.ts'))?.[1];
    expect(Number.parseInt(service('worker').stop_grace_period ?? '', 10)).toBeGreaterThan(Number(forced));
  });

  it('leaves a quarter of the memory to everything outside the heap', () => {
    const { mem_limit, environment } = service('worker');
    const heap = /--max-old-space-size=(\d+)/.exec(String(environment?.NODE_OPTIONS))?.[1];
    expect(mem_limit).toBe('1g');
    expect(Number(heap)).toBe(1024 * 0.75);
  });

  it('gives the worker the address of the Web UI for its messages, and settings from a file that git leaves alone', () => {
    const { environment, env_file } = service('worker');
    const [port] = service('temporal-ui').ports ?? [];
    expect(environment?.TEMPORAL_UI_URL).toBe(`http://localhost:${port?.split(':')[1]}`);
    expect(env_file).toEqual([{ path: 'worker.env', required: false }]);
    expect(read('.gitignore').split('\n')).toContain('worker.env');
  });

  it('hands on every setting of the worker that has a name of its own, and checks them all before anything starts', () => {
    const settings = KNOWN_VARIABLES.filter((name) => /^HEX_(?!API_TOKEN|CODEC_KEYS)/.test(name));
    const { environment = {}, env_file, secrets } = service('worker');
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(settings));
    expect(service('settings')).toMatchObject({ environment, env_file, secrets, restart: 'no' });
    expect(service('settings').depends_on).toBeUndefined();
  });

  it('leaves no service without a limit of its memory and of its log files', () => {
    for (const [name, { mem_limit, logging }] of services) {
      expect(mem_limit, name).toMatch(/^\d+[mg]$/);
      expect(logging?.options, name).toEqual({ 'max-size': '10m', 'max-file': '5' });
    }
  });

  it('puts worker and sandbox into a network that neither owns, so that each survives a crash of the other', () => {
    const { worker, sandbox, localhost, settings } = withSandbox.services;
    expect([worker?.network_mode, sandbox?.network_mode]).toEqual(['service:localhost', 'service:localhost']);
    expect(localhost).toMatchObject({ entrypoint: ['tail', '-f', '/dev/null'] });
    expect(localhost?.network_mode).toBeUndefined();
    const address = `http://127.0.0.1:${sandbox?.command?.at(-1)}`;
    for (const one of [worker, settings]) expect(one?.environment?.HEX_BASE_URL).toBe(address);
    expect(read('.env.example')).toContain('COMPOSE_FILE=docker-compose.yml:docker/compose.sandbox.yml\n');
  });

  it('has Prometheus read every worker, by our alert rules, and Grafana show it, with the profile "metrics"', () => {
    const [prometheus, grafana] = ['prometheus', 'grafana'].map(service);
    for (const one of [prometheus, grafana]) expect(one?.profiles).toEqual(['metrics']);
    for (const [source = ''] of [prometheus, grafana].flatMap(mounts))
      expect(existsSync(path(source))).toBe(true);

    const [, port] = String(service('worker').environment?.HEX_METRICS_ADDRESS).split(':');
    const { scrape_configs, rule_files } = parse(read('docker/metrics/prometheus.yml'));
    expect(scrape_configs).toMatchObject([{ dns_sd_configs: [{ names: ['worker'], port: Number(port) }] }]);
    expect(withSandbox.services.localhost?.networks?.default?.aliases).toEqual(['worker']);
    expect(rule_files).toEqual(['rules/*.yaml']);
    expect(mounts(prometheus)).toContainEqual(['deploy/prometheus', '/etc/prometheus/rules']);

    const [dashboards] = parse(read('docker/metrics/grafana/dashboards/temporal-hex.yaml')).providers;
    expect(mounts(grafana)).toContainEqual(['deploy/grafana', dashboards.options.path]);
    const home = grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH;
    expect(home).toBe(`${dashboards.options.path}/temporal-hex.json`);
    const [source] = parse(read('docker/metrics/grafana/datasources/prometheus.yaml')).datasources;
    expect(source.url).toBe('http://prometheus:9090');
  });

  it('offers no button that leaves a run behind in Hex or starts it twice', () => {
    expect(service('temporal-ui').environment).toMatchObject({
      TEMPORAL_WORKFLOW_TERMINATE_DISABLED: 'true',
      TEMPORAL_WORKFLOW_RESET_DISABLED: 'true',
    });
  });

  it('refers to files that are there', () => {
    const files = [...composeText.matchAll(/\/etc\/temporal-hex\/([\w.-]+)/g)].map(([, file]) => file);
    expect(files).toHaveLength(4);
    for (const file of files) expect(existsSync(path(`docker/temporal/${file}`)), file).toBe(true);
  });
});

describe('the server settings', () => {
  it('lift the limit of 20 tasks a second and start activities eagerly', () => {
    expect(parse(read('docker/temporal/dynamic-config.yaml'))).toEqual({
      'history.transferProcessorMaxPollRPS': [{ value: 2000 }],
      'history.timerProcessorMaxPollRPS': [{ value: 2000 }],
      'history.visibilityProcessorMaxPollRPS': [{ value: 2000 }],
      'history.timerProcessorMaxTimeShift': [{ value: '10ms' }],
      'system.enableActivityEagerExecution': [{ value: true }],
    });
  });
});

describe('the image', () => {
  const lines = read('Dockerfile').split('\n');
  const last = (beginning: string) => lines.findLast((line) => line.startsWith(beginning));

  it('is a pinned glibc image, and runs as another user than root', () => {
    expect(last('ARG NODE_IMAGE')).toMatch(/=node:22\.\d+\.\d+-bookworm-slim$/);
    const stages = lines.filter((line) => line.startsWith('FROM '));
    expect(stages.map((line) => line.replace(/^FROM \$\{NODE_IMAGE\}/, 'pinned'))).toEqual([
      'pinned AS build',
      'pinned',
    ]);
    const stage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
    expect(stage.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    expect(stage.findIndex((line) => line.startsWith('USER '))).toBeLessThan(
      stage.findIndex((line) => line.startsWith('ENTRYPOINT ')),
    );
  });

  it('gets what it copies from the build context, and nothing else can get into that', () => {
    const ignore = read('.dockerignore')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(ignore[0]).toBe('*');
    const allowed = ignore.slice(1).map((line) => line.replace(/^!/, ''));
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.sort()).toEqual(allowed.sort());
    for (const file of copied) expect(existsSync(path(file)), file).toBe(true);
  });

  it('keeps the native library of its own platform and drops the others', async () => {
    const releases = join(dir, 'node_modules/@temporalio/core-bridge/releases');
    const own = process.arch === 'arm64' ? 'aarch64-unknown-linux-gnu' : 'x86_64-unknown-linux-gnu';
    for (const platform of ['x86_64-unknown-linux-gnu', 'aarch64-unknown-linux-gnu', 'x86_64-apple-darwin']) {
      await mkdir(join(releases, platform), { recursive: true });
      await writeFile(join(releases, platform, 'index.node'), '');
    }
    expect(sh(path('docker/keep-native-library.sh'), [dir])).toEqual({ status: 0, output: '' });
    expect(await readdir(releases)).toEqual([own]);
  });

  it('is not built without a native library', async () => {
    await mkdir(join(dir, 'node_modules/@temporalio/core-bridge/releases/x86_64-apple-darwin'), {
      recursive: true,
    });
    expect(sh(path('docker/keep-native-library.sh'), [dir]).status).not.toBe(0);
  });
});

describe('the check of the settings', () => {
  const check = async (env: Record<string, string>) => {
    await copyFile(path('docker/check-settings.mjs'), join(dir, 'check-settings.mjs'));
    await symlink(path('dist'), join(dir, 'dist'));
    const { status, stderr } = spawnSync(process.execPath, [join(dir, 'check-settings.mjs')], {
      encoding: 'utf8',
      env,
    });
    return { status, stderr };
  };

  it('ends with 0 where the worker can start', async () => {
    expect(await check({ HEX_API_TOKEN: 'sandbox' })).toEqual({ status: 0, stderr: '' });
  });

  it.each([
    [{ HEX_API_TOKEN_FILE: '/dev/null' }, /token of the connection "default" is empty/],
    [{ HEX_API_TOKEN_FILE: '/nowhere' }, /\/nowhere cannot be read/],
    [{ HEX_API_TOKEN_FILE: '/run/secrets/no-such-token' }, /HEX_API_TOKEN is empty: put a token into .env/],
    [{ HEX_API_TOKEN: 'sandbox', HEX_KERNELSS: '3' }, /HEX_KERNELSS .*did you mean "HEX_KERNELS"/],
  ])('says what is wrong with %j, and ends with 2', async (env, message) => {
    expect(await check(env)).toEqual({ status: 2, stderr: expect.stringMatching(message) });
  });
});

describe('the scripts', () => {
  it.each(scripts)('%s is valid shell and stops at the first error', (script) => {
    expect(spawnSync('sh', ['-n', path(script)]).status).toBe(0);
    expect(read(script)).toMatch(/^set -eu$/m);
  });

  it('are all checked here', async () => {
    const found = await readdir(path('docker'), { recursive: true });
    expect(found.filter((file) => file.endsWith('.sh')).map((file) => `docker/${file}`)).toEqual(
      expect.arrayContaining(scripts),
    );
    expect(found.filter((file) => file.endsWith('.sh'))).toHaveLength(scripts.length);
  });

  it('setup-schema creates and updates both databases, with the password on no command line', async () => {
    await writeFile(join(dir, 'password'), 'top-secret\n');
    await stub('temporal-sql-tool', `[ "$SQL_PASSWORD" = top-secret ]`);
    const env = { POSTGRES_PASSWORD_FILE: join(dir, 'password') };
    expect(sh(path('docker/temporal/setup-schema.sh'), [], env)).toEqual({ status: 0, output: '' });
    expect(await calls('temporal-sql-tool')).toEqual([
      '--db temporal create',
      '--db temporal setup-schema -v 0.0',
      '--db temporal update-schema --schema-name postgresql/v12/temporal',
      '--db temporal_visibility create',
      '--db temporal_visibility setup-schema -v 0.0',
      '--db temporal_visibility update-schema --schema-name postgresql/v12/visibility',
    ]);
  });

  it('setup-schema fails when a step does, so that the server is not started on a half-made database', async () => {
    await writeFile(join(dir, 'password'), 'top-secret\n');
    await stub('temporal-sql-tool', `case "$*" in *setup-schema*) exit 1 ;; esac`);
    const env = { POSTGRES_PASSWORD_FILE: join(dir, 'password') };
    expect(sh(path('docker/temporal/setup-schema.sh'), [], env).status).toBe(1);
    expect(await calls('temporal-sql-tool')).toHaveLength(2);
  });

  const namespace = {
    TEMPORAL_ADDRESS: 'temporal:7233',
    TEMPORAL_NAMESPACE: 'etl',
    NAMESPACE_RETENTION: '168h',
  };

  it('create-namespace waits for the server, creates the namespace once, and ends when it can be used', async () => {
    await stub('sleep');
    await stub(
      'temporal',
      `case "$*" in
        "--command-timeout 5s "*) ;;
        *) exit 9 ;;
      esac
      case "$*" in
        *health*) [ "$(grep -c health "${dir}/temporal.log")" -ge 3 ] ;;
        *describe*) [ -e "${dir}/created" ] ;;
        *create*) touch "${dir}/created" ;;
        *count*) [ "$(grep -c count "${dir}/temporal.log")" -ge 2 ] ;;
      esac`,
    );
    const first = sh(path('docker/temporal/create-namespace.sh'), [], namespace);
    expect(first).toMatchObject({ status: 0, output: 'Namespace etl can be used.\n' });
    expect((await calls('temporal')).filter((call) => !/health|count/.test(call))).toEqual([
      '--command-timeout 5s operator namespace describe --namespace etl',
      '--command-timeout 5s operator namespace create --namespace etl --retention 168h',
    ]);
    expect(await calls('sleep')).toEqual(['1', '1', '1']);
    expect(sh(path('docker/temporal/create-namespace.sh'), [], namespace).status).toBe(0);
    expect((await calls('temporal')).filter((call) => call.includes('create'))).toHaveLength(1);
  });

  it('create-namespace says what it waits for and why, and gives up after a minute on the clock', async () => {
    await stub('sleep');
    await stub('date', `echo $(($(wc -l <"${dir}/date.log") * 7))`);
    await stub('temporal', 'echo "no such host" >&2; exit 1');
    const { status, output } = sh(path('docker/temporal/create-namespace.sh'), [], namespace);
    expect(status).not.toBe(0);
    expect(
      output.match(/^Waiting for the Temporal server at temporal:7233 for \d+ s: no such host$/gm),
    ).toHaveLength(4);
    expect(output).toContain(
      'Waited a minute in vain for the Temporal server at temporal:7233: no such host.',
    );
  });

  it('init-env writes a new password that only its owner can read, and never over an existing .env', async () => {
    await mkdir(join(dir, 'docker'));
    await copyFile(path('docker/init-env.sh'), join(dir, 'docker/init-env.sh'));
    await copyFile(path('.env.example'), join(dir, '.env.example'));
    expect(sh(join(dir, 'docker/init-env.sh')).status).toBe(0);
    const written = await readFile(join(dir, '.env'), 'utf8');
    expect(written).toMatch(/^POSTGRES_PASSWORD=[0-9a-f]{48}$/m);
    expect((await stat(join(dir, '.env'))).mode & 0o777).toBe(0o600);
    expect(sh(join(dir, 'docker/init-env.sh')).output).toContain('nothing done');
    expect(await readFile(join(dir, '.env'), 'utf8')).toBe(written);
  });
});
