import { expect, it } from 'vitest';
import { cli, startCli } from '../support/cli.js';
import { FAST, harness, TOKEN, until } from '../support/harness.js';

type Line = Record<string, unknown> & { time: string; level: string; message: string };

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

it('a worker logs one JSON object an event, with ids to look for, and neither a token nor a task token', async () => {
  const rig = await harness({
    worker: false,
    env: { HEX_LIMITS: 'on', HEX_KERNELS: '1', HEX_STARTS_PER_MINUTE: 'none', HEX_STARTS_PER_HOUR: 'none' },
  });
  const { hex, sandbox, env } = rig;
  const worker = startCli(['worker'], { ...env, HEX_LOG_FORMAT: 'json' });
  await worker.says(/works on task queue/);
  const lines = () => linesOf(worker.stderr());
  const line = (workflowId: string, event: string) =>
    until(`${event} of ${workflowId} in the log`, async () =>
      lines().find((each) => each.workflowId === workflowId && each.event === event),
    );

  const id = (name: string) => `${rig.taskQueue}-${name}`;
  // Reads fail once, which the SDK logs with its task token.
  sandbox.script([{ match: { operation: 'getRunStatus' }, status: 503 }]);
  const poll = { ...FAST.poll, learn: false };
  const good = await hex.startRun({ projectId: 'sales', ...FAST, poll }, { workflowId: id('good') });
  const { runId } = await good.result();
  expect(await line(id('good'), 'run_started')).toMatchObject({
    level: 'info',
    message: 'Run started in Hex',
    projectId: 'sales',
    connection: 'default',
    hexRunId: runId,
    traceId: expect.stringMatching(/./),
    waitedMs: expect.any(Number),
    runId: good.firstExecutionRunId,
  });
  expect(await line(id('good'), 'run_ended')).toMatchObject({
    level: 'info',
    message: 'Run completed',
    outcome: 'completed',
    projectId: 'sales',
    hexRunId: runId,
  });

  sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
  await (await hex.startRun({ projectId: 'sales', ...FAST }, { workflowId: id('lost') })).result();
  expect(await line(id('lost'), 'run_adopted')).toMatchObject({ level: 'info', projectId: 'sales' });

  sandbox.script([{ endAs: 'ERRORED' }]);
  const pipeline = { name: 'nightly', steps: [{ id: 'load', projectId: 'sales', ...FAST }] };
  const bad = await hex.startPipeline({ pipeline }, { workflowId: id('bad') });
  await expect(bad.result()).rejects.toThrow();
  expect(await line(id('bad'), 'pipeline_started')).toMatchObject({ pipeline: 'nightly', level: 'info' });
  expect(await line(id('bad/load'), 'run_ended')).toMatchObject({
    level: 'warn',
    message: expect.stringMatching(/^Run failed: Hex run of project sales ended ERRORED/),
    outcome: 'failed',
    failure: 'HexRunErrored',
    pipeline: 'nightly',
    step: 'load',
    traceId: expect.any(String),
  });
  expect(await line(id('bad'), 'step_ended')).toMatchObject({ level: 'warn', step: 'load', state: 'failed' });
  expect(await line(id('bad'), 'pipeline_ended')).toMatchObject({
    level: 'warn',
    outcome: 'failed',
    failure: 'HexPipelineFailed',
    pipeline: 'nightly',
  });

  // One kernel: the second run waits in line.
  sandbox.script([{ duration: '1h' }]);
  const long = await hex.startRun({ projectId: 'sales', ...FAST }, { workflowId: id('long') });
  await line(id('long'), 'run_started');
  const next = await hex.startRun({ projectId: 'orders', ...FAST }, { workflowId: id('next') });
  expect(await line(id('next'), 'run_in_line')).toMatchObject({
    level: 'info',
    projectId: 'orders',
    message: expect.stringMatching(/^Run is in line: .*place 1 in line/),
  });
  await long.cancel();
  await expect(long.result()).rejects.toThrow();
  expect(await line(id('long'), 'run_ended')).toMatchObject({ level: 'info', outcome: 'cancelled' });
  await next.result();
  await line(id('next'), 'run_ended');

  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  const messages = lines().map(({ message }) => message);
  expect(messages[0]).toMatch(/works on task queue/);
  expect(messages.at(-2)).toMatch(/^Asked to stop/);
  expect(messages.at(-1)).toBe('Stopped');
  expect(lines().find(({ message }) => message === 'Activity failed')).toMatchObject({
    httpStatus: 503,
    workflowId: id('good'),
  });
  for (const { time } of lines()) expect(new Date(time).toISOString()).toBe(time);
  expect(worker.stderr()).not.toMatch(/taskToken|task_token/i);
  expect(worker.stderr()).not.toContain(TOKEN);
});

it('HEX_LOG_LEVEL decides what is said, --log-level overrides it, and a level that does not exist is refused', async () => {
  const { hex, env, sandbox } = await harness({ worker: false });
  const quiet = startCli(['worker'], { ...env, HEX_LOG_LEVEL: 'error' });
  const loud = startCli(['worker', '--log-level', 'debug', '--task-queue', `${env.HEX_TASK_QUEUE}-b`], {
    ...env,
    HEX_LOG_LEVEL: 'error',
  });
  await loud.says(/^\S+Z INFO {2}temporal-hex \S+ works on task queue/m);
  sandbox.script([{ endAs: 'ERRORED' }]);
  await expect((await hex.startRun({ projectId: 'sales', ...FAST })).result()).rejects.toThrow();
  expect(quiet.stderr()).toBe('');
  const { code, stderr } = await cli(['worker'], { ...env, HEX_LOG_LEVEL: 'loud' });
  expect(code).toBe(2);
  expect(stderr).toContain('HEX_LOG_LEVEL must be debug, info, warn, error or never');
});

it('a worker that cannot work says why on one line, where JSON is asked for', async () => {
  const { code, stderr } = await cli(['worker'], { HEX_LOG_FORMAT: 'json' });
  expect(code).toBe(2);
  expect(linesOf(stderr)).toMatchObject([
    { level: 'error', message: expect.stringContaining('HEX_API_TOKEN is missing') },
  ]);
});
