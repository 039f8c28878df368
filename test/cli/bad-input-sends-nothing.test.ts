import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli, emptyFolder } from '../support/cli.js';
import { type Harness, harness } from '../support/harness.js';

let rig: Harness;
beforeAll(async () => {
  rig = await harness({ atEnd: afterAll });
});

const ETL = new URL('../fixtures/cli-etl.yaml', import.meta.url).pathname;

/** Nothing reached Hex, and nothing was started in Temporal. */
async function expectNothingStarted({ sandbox, temporal, taskQueue }: Harness) {
  expect(sandbox.ledger().requests).toEqual([]);
  const { count } = await temporal.workflow.count(`TaskQueue = "${taskQueue}"`);
  expect(count).toBe(0);
}

it('refuses a bad run with every problem at once', async () => {
  const bad = ['-p', 'date', '-p', '=3', '--timeout', 'soon', '--connection', 'https://evil.example'];
  const { code, stdout, stderr } = await cli(['run', 'not/an/id', ...bad, '--wait'], rig.env);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  for (const path of ['-p date:', '-p =3:', 'projectId:', 'timeout:', 'connection:'])
    expect(stderr).toContain(path);
  await expectNothingStarted(rig);
});

it('refuses a bad pipeline with every problem at once', async () => {
  const file = join(emptyFolder(), 'bad.yaml');
  writeFileSync(
    file,
    'steps:\n  - projectId: a/b\n  - { id: two, projectid: c }\n  - { id: three, projectId: d, timeout: soon }\n',
  );
  const { code, stderr } = await cli(['pipeline', file, '--wait'], rig.env);
  expect(code).toBe(2);
  for (const path of ['steps[0].projectId:', 'steps[1]:', 'steps[2].timeout:'])
    expect(stderr).toContain(path);
  await expectNothingStarted(rig);
});

it('refuses parameters that the pipeline does not have, or that are of another type', async () => {
  const { code, stderr } = await cli(['pipeline', ETL, '-p', 'dat=2026-01-31', '-p', 'limit=many'], rig.env);
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean "date"?');
  expect(stderr).toContain('params.limit: must be a whole number');
  await expectNothingStarted(rig);
});

it('says which file cannot be read, and where', async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'broken.yaml'), 'steps:\n  - id: [\n');
  writeFileSync(join(folder, 'broken.json'), '{"steps": ');
  writeFileSync(join(folder, 'list.json'), '[1]');
  const ends = await Promise.all(
    [
      ['pipeline', 'missing.yaml'],
      ['pipeline', 'broken.yaml'],
      ['pipeline', 'broken.json'],
      ['run', 'sales', '--params-file', 'list.json'],
    ].map((args) => cli(args, {}, folder)),
  );
  expect(ends.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(ends[0]?.stderr).toContain('missing.yaml: there is no such file');
  expect(ends[1]?.stderr).toMatch(/broken\.yaml: .*line 3/s);
  expect(ends[2]?.stderr).toContain('broken.json: ');
  expect(ends[3]?.stderr).toContain('list.json: must hold an object');
});

it('names every wrong variable of the environment', async () => {
  const env = { HEX_BASE_URL: 'ftp://hex', HEX_TASK_QUEUE: ' ', HEX_CONNECTION_EU_LEGACY_PATHS: 'perhaps' };
  const { code, stderr } = await cli(['projects'], env);
  expect(code).toBe(2);
  for (const name of Object.keys(env)) expect(stderr).toContain(name);
});

it('names a misspelt variable: the worker does not start, a command that only talks to Temporal warns', async () => {
  const misspelt = { ...rig.env, HEX_BASEURL: 'https://eu.hex.tech' };
  const [worker, run] = await Promise.all([
    cli(['worker'], misspelt),
    cli(['run', 'sales', '--dry-run', '--wait'], misspelt),
  ]);
  expect(worker.code).toBe(2);
  expect(run.code, run.stderr).toBe(0);
  for (const { stderr } of [worker, run])
    expect(stderr).toContain('HEX_BASEURL is an unknown setting; did you mean "HEX_BASE_URL"?');
});
