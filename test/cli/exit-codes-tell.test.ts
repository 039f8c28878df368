import { beforeEach, expect, it } from 'vitest';
import { cli, startCli } from '../support/cli.js';
import { type Harness, sharedHarness, until } from '../support/harness.js';

const rigWith = sharedHarness();
let rig: Harness;
let env: Harness['env'];
let sandbox: Harness['sandbox'];
beforeEach(() => {
  rig = rigWith();
  ({ env, sandbox } = rig);
});

it('ends with 0 when the run completed, with its result and nothing else on standard output', async () => {
  const params = ['-p', 'date=2026-01-31', '-p', 'limit=3', '-p', 'regions=["emea"]'];
  const { code, stdout, stderr } = await cli(['run', 'sales', ...params, '--wait', '--json'], env);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ success: true, status: 'COMPLETED', projectId: 'sales' });
  const [run] = sandbox.ledger().runs;
  expect(run?.inputParams).toEqual({ date: '2026-01-31', limit: 3, regions: ['emea'] });
});

it('ends with 1 when the run failed, and says what to do', async () => {
  sandbox.script({ match: { projectId: 'sales' }, endAs: 'ERRORED' });
  const { code, stdout, stderr } = await cli(['run', 'sales', '--wait', '--json'], env);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ success: false, type: 'HexRunErrored' });
  expect(stderr).toMatch(/ended ERRORED .*Open the run in Hex/s);
  expect(stderr).not.toMatch(/^\s+at /m);
});

it('ends with 1 when a step of the pipeline failed, and shows the results so far', async () => {
  sandbox.script({ match: { projectId: 'transform' }, endAs: 'ERRORED' });
  const file = new URL('../fixtures/cli-etl.yaml', import.meta.url).pathname;
  const { code, stdout, stderr } = await cli(['pipeline', file, '--wait'], env);
  expect(code).toBe(1);
  expect(stdout).toMatch(/extract +COMPLETED/);
  expect(stdout).toMatch(/transform +FAILED/);
  expect(stderr).toContain('transform');
  expect(sandbox.ledger().runs.map(({ projectId }) => projectId)).toEqual(['extract', 'transform']);
});

it('ends with 2 when there is no such workflow', async () => {
  const { code, stderr } = await cli(['cancel', 'never-started'], env);
  expect(code).toBe(2);
  expect(stderr).toContain('There is no workflow "never-started"');
});

it('ends with 2 on an unknown command, option or profile', async () => {
  expect((await cli(['runn'])).stderr).toContain('Did you mean run?');
  const codes = [['runn'], ['run'], ['run', 'x', '--frobnicate'], ['cancel', 'x', '--profile', 'nobody']];
  const ends = await Promise.all(codes.map((args) => cli(args)));
  expect(ends.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
});

it('ends with 3 when no Temporal server answers', async () => {
  const { code, stderr } = await cli([
    'run',
    'sales',
    '--client-connect-timeout',
    '1s',
    '--address',
    '127.0.0.1:1',
  ]);
  expect(code).toBe(3);
  expect(stderr).toContain('No Temporal server answers at 127.0.0.1:1');
});

it('ends with 4 when somebody cancelled the run, while the one who cancelled it ends with 0', async () => {
  sandbox.settings({ duration: 'forever' });
  const waiting = startCli(['run', 'sales', '--wait', '--workflow-id', env.HEX_TASK_QUEUE ?? ''], env);
  await sandbox.waitFor(({ runs }) => runs.length === 1);
  const cancelling = await cli(['cancel', env.HEX_TASK_QUEUE ?? '', '--wait'], env);
  expect(cancelling.code, cancelling.stderr).toBe(0);
  expect(await waiting.ended).toBe(4);
  expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});

it('ends with 5 when the run reached its time limit', async () => {
  sandbox.settings({ duration: 'forever' });
  const { code } = await cli(['run', 'sales', '--timeout', '300ms', '--wait'], env);
  expect(code).toBe(5);
  expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});

it('ends with 6 when Hex refuses the token, and never shows it', async () => {
  sandbox.settings({ tokens: ['another-token'] });
  const { code, stdout, stderr } = await cli(['projects'], env);
  expect(code).toBe(6);
  expect(stdout).toBe('');
  expect(stderr).toContain('401');
  expect(stderr).not.toContain(env.HEX_API_TOKEN);
});

it('ends with 130 on Ctrl-C while waiting, and the run goes on', async () => {
  sandbox.settings({ duration: 'forever' });
  const workflowId = `left-${rig.taskQueue}`;
  const waiting = startCli(['run', 'sales', '--wait', '--workflow-id', workflowId], env);
  const { runs } = await sandbox.waitFor((ledger) => ledger.runs.length === 1);
  await waiting.says(/sales +\w+/);
  waiting.child.kill('SIGINT');
  expect(await waiting.ended).toBe(130);
  expect(waiting.stderr()).toContain(`temporal-hex cancel ${workflowId}`);
  sandbox.endRun(runs[0]?.runId ?? '', 'COMPLETED');
  await until('the run has completed', async () => sandbox.ledger().runs.every(({ alive }) => !alive));
  expect(await rig.hex.result(workflowId)).toMatchObject({ success: true });
});
