import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startDevServer } from '../../src/temporal-server/index.js';
import { CLI, cleanEnv, cli, finish, startCli, startProcess } from '../support/cli.js';
import { type Harness, harness, until } from '../support/harness.js';
import { type HttpService, httpService, json } from '../support/http-service.js';
import { server } from '../support/server.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const example = (name: string) => join(ROOT, 'examples', name);

let rig: Harness;
let service: HttpService;
/** Holds `temporal`, `temporal-hex` and an `npx` that runs the latter from here. */
let commands: string;
let python: string | null;

const cleanUps: (() => Promise<unknown> | unknown)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

// The examples name the task queue `hex`, so they get a server of their own.
beforeAll(async () => {
  const temporal = await startDevServer({
    cli: { path: server.cli },
    port: 0,
    uiPort: false,
  });
  cleanUps.push(() => temporal.stop());
  service = await httpService();
  cleanUps.push(service.close);
  rig = await harness({
    address: temporal.address,
    env: { HEX_TASK_QUEUE: 'hex', HEX_HTTP_HOSTS: service.url },
    atEnd: (cleanUp) => cleanUps.push(cleanUp),
  });
  commands = mkdtempSync(join(tmpdir(), 'temporal-hex-commands-'));
  cleanUps.push(() => rmSync(commands, { recursive: true, force: true }));
  command('temporal-hex', `exec "${process.execPath}" "${CLI}" "$@"`);
  command('temporal', `exec "${server.cli}" "$@"`);
  command('npx', `[ "$1" = temporal-hex ] && shift && exec "${process.execPath}" "${CLI}" "$@"`);
  python = ['python3', 'python'].find(answers) ?? null;
});

function command(name: string, line: string): void {
  const file = join(commands, name);
  writeFileSync(file, `#!/bin/sh\n${line}\n`);
  chmodSync(file, 0o755);
}

function answers(name: string): boolean {
  try {
    return execFileSync(name, ['--version'], { encoding: 'utf8' }).startsWith('Python 3');
  } catch {
    return false;
  }
}

/** The environment of somebody who tries the examples beside `temporal-hex dev`. */
function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env = cleanEnv({ ...rig.env, ...more });
  return { ...env, PATH: `${commands}${delimiter}${env.PATH}` };
}

const projectsSince = (count: number) =>
  rig.sandbox
    .ledger()
    .runs.slice(count)
    .map(({ projectId }) => projectId);
const ETL = ['extract-project-id', 'transform-project-id', 'load-project-id'];

it.each(['etl.yaml', 'etl.json'])('%s runs its three projects in order', async (file) => {
  const before = rig.sandbox.ledger().runs.length;
  const done = await cli(['pipeline', example(file), '--wait'], rig.env);
  expect(done.stderr + done.stdout).toContain('transform');
  expect(done.code).toBe(0);
  expect(projectsSince(before)).toEqual(ETL);
});

it.each([
  ['regions.yaml', 'publish', ['-p', 'regions=["emea","apac"]'], 4],
  ['approval.yaml', 'look', [], 2],
])('%s waits for its approval, and then runs to its end', async (file, step, params, runs) => {
  const before = rig.sandbox.ledger().runs.length;
  const id = `example-${file}`;
  const waiting = startCli(['pipeline', example(file), '--workflow-id', id, '--wait', ...params], rig.env);
  await waiting.says(new RegExp(`${step}: approval`));
  await cli(['approve', id, step, '--by', 'ada'], rig.env);
  expect((await finish(waiting)).code).toBe(0);
  expect(projectsSince(before)).toHaveLength(runs);
});

it('checks.yaml waits for the run of somebody else and for a service', async () => {
  const before = rig.sandbox.ledger().runs.length;
  const [seeded] = rig.sandbox.seed({ projectId: 'extract-project-id', duration: '10ms' });
  service.on('/health', json({ status: 'ok' }));
  const done = await cli(
    ['pipeline', example('checks.yaml'), '--wait', '-p', `health=${service.url}/health`],
    rig.env,
  );
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/ready +200/);
  expect(rig.sandbox.ledger().runs[before + 1]).toMatchObject({
    projectId: 'load-project-id',
    inputParams: { run: seeded?.runId, service: 200 },
  });
});

it('sensor.yaml starts its pipeline for a run of somebody else', async () => {
  const before = rig.sandbox.ledger().runs.length;
  const applied = await cli(['sensor', 'apply', example('sensor.yaml')], rig.env);
  expect(applied).toMatchObject({ code: 0, stdout: expect.stringMatching(/^create +after-extract/) });
  const { sensors } = rig.hex;
  const looked = async () => (await sensors.describe('after-extract')).projects[0]?.lookedAt ?? false;
  await until('a first look', looked);
  const [seeded] = rig.sandbox.seed({ projectId: 'extract-project-id', duration: '10ms' });
  const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length >= before + 2);
  expect(runs.slice(before + 1)).toMatchObject([
    { projectId: 'load-project-id', inputParams: { run: seeded?.runId, ended: expect.stringMatching(/Z$/) } },
  ]);
  expect(await cli(['sensor', 'delete', 'after-extract'], rig.env)).toMatchObject({ code: 0 });
});

it('schedule.yaml makes a schedule that runs the pipeline for the day before', async () => {
  const before = rig.sandbox.ledger().runs.length;
  const applied = await cli(['schedule', 'apply', example('schedule.yaml')], rig.env);
  expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('create') });
  const schedule = rig.temporal.schedule.getHandle('report-every-morning');
  const { spec, policies } = await schedule.describe();
  expect(spec).toMatchObject({ timezone: 'Europe/Berlin' });
  expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 600_000 });
  expect((await cli(['schedule', 'trigger', 'report-every-morning'], rig.env)).code).toBe(0);
  const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length > before);
  expect(runs[before]?.inputParams).toEqual({
    day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    from: expect.stringMatching(/Z$/),
    to: expect.stringMatching(/Z$/),
    regions: ['emea', 'apac'],
  });
  expect((await cli(['schedule', 'delete', 'report-every-morning'], rig.env)).code).toBe(0);
});

it('cron/ runs once a day, however often it is started', async () => {
  const before = rig.sandbox.ledger().runs.length;
  const start = () => startProcess(example('cron/nightly.sh'), [], environment(), ROOT);
  const [first, again] = await Promise.all([finish(start()), finish(start())]);
  expect([first.code, again.code]).toEqual([0, 0]);
  expect((await finish(start())).code).toBe(0);
  expect(projectsSince(before)).toEqual(ETL);
});

it.each(['airflow/hex_etl.py', 'dagster/hex_etl.py'])(
  '%s starts a pipeline, and a second try follows it',
  async (file) => {
    if (python === null) throw new Error('There is no Python 3 on this machine');
    const before = rig.sandbox.ledger().runs.length;
    const env = environment({
      DS: file.startsWith('airflow') ? '2026-01-30' : '2026-01-31',
      PYTHONPATH: fileURLToPath(new URL('../fixtures/python', import.meta.url)),
    });
    const tries = await Promise.all(
      [1, 2].map(() => finish(startProcess(python ?? '', [example(file)], env, ROOT))),
    );
    for (const { code, stdout, stderr } of tries) {
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        extract: expect.stringContaining('http'),
        load: expect.stringContaining('http'),
      });
    }
    expect(projectsSince(before)).toEqual(['extract-project-id', 'load-project-id']);
  },
);

it('github/ checks and runs the pipeline', async () => {
  const before = rig.sandbox.ledger().runs.length;
  const workflow = parse(readFileSync(example('github/refresh-hex.yml'), 'utf8')) as {
    jobs: Record<string, { steps: { run?: string }[] }>;
  };
  const lines = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    const env = environment({ GITHUB_SHA: '3f1c2a9' });
    const { code, stderr } = await finish(startProcess('bash', ['-euc', line], env, ROOT));
    expect(stderr).not.toContain('rror');
    expect(code).toBe(0);
  }
  expect(projectsSince(before)).toEqual(ETL);
});

it('the README of the examples names each of them', () => {
  const readme = readFileSync(example('README.md'), 'utf8');
  for (const name of readdirSync(example('.')).filter((one) => one !== 'README.md'))
    expect(readme).toContain(`(${name})`);
});
