import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli } from '../support/cli.js';
import { type Harness, harness } from '../support/harness.js';

let rig: Harness;
beforeAll(async () => {
  rig = await harness({ atEnd: afterAll });
});

it('prints the workflow id alone when it does not wait', async () => {
  const { env, hex } = rig;
  const { code, stdout } = await cli(['run', 'sales', '--workflow-id', `run-of-${env.HEX_TASK_QUEUE}`], env);
  expect(code).toBe(0);
  expect(stdout).toBe(`run-of-${env.HEX_TASK_QUEUE}\n`);
  expect(await hex.result(stdout.trim())).toMatchObject({ success: true });
  const shown = await cli(['progress', stdout.trim(), '--json'], env);
  expect(JSON.parse(shown.stdout)).toMatchObject({ projectId: 'sales', status: 'COMPLETED', phase: 'done' });
});

it('lists all pages of projects, aligned, without anything that could move the cursor', async () => {
  const { env, sandbox } = rig;
  for (let n = 0; n < 120; n++) sandbox.project({ id: `project-${n}`, title: `Project ${n}` });
  sandbox.project({ id: 'nasty', title: 'Nasty \u001b[2J\u0007title', published: false });
  const { stdout } = await cli(['projects'], env);
  const [head = '', ...rows] = stdout.trimEnd().split('\n');
  const column = head.indexOf('ID');
  expect(rows.filter((row) => row.slice(column).startsWith('project-'))).toHaveLength(120);
  expect(rows.find((row) => row.includes('nasty'))).toMatch(/^Nasty +title +nasty +- +never$/);
  expect(stdout.match(/[^\P{Cc}\n]/u)).toBeNull();
  const lines = (await cli(['projects', '-o', 'jsonl'], env)).stdout.trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toContain('project-119');
  expect((await cli(['projects', '-o', 'none'], env)).stdout).toBe('');
});

it('says so when no worker would pick the work up', async () => {
  const { env } = await harness({ worker: false });
  const { code, stderr } = await cli(['run', 'sales'], env);
  expect(code).toBe(0);
  expect(stderr).toContain(`No worker has asked task queue "${env.HEX_TASK_QUEUE}"`);
});

it('shows what has changed as plain lines where there is no terminal', async () => {
  const { env } = rig;
  const file = new URL('../fixtures/cli-etl.yaml', import.meta.url).pathname;
  const { code, stdout, stderr } = await cli(['pipeline', file, '-p', 'date=2026-01-31', '--wait'], env);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/^extract: success .*\ntransform: success /ms);
  expect(stderr + stdout).not.toContain('\u001b');
  expect(stdout).toMatch(/^STEP +STATUS +TOOK +HEX RUN\nextract +COMPLETED .*\ntransform +COMPLETED /);
});
