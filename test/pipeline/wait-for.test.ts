import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineFailureDetails, PipelineResult, WaitStepResult } from '../../src/index.js';
import { parsePipelineInput } from '../../src/pipeline/boundary.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import { failureOf, type Harness, type HarnessOptions, harness, until } from '../support/harness.js';
import { hex, replay } from '../support/pipelines.js';

const cleanUps: (() => Promise<void>)[] = [];
const OPTIONS: HarnessOptions = {
  sandbox: { duration: 20 },
  // Limited all the same, so that reads are shared.
  env: {
    ...{ HEX_LIMITS: 'on', HEX_STARTS_PER_MINUTE: 'none', HEX_STARTS_PER_HOUR: 'none', HEX_KERNELS: 'none' },
    ...{ HEX_READS_PER_MINUTE: '99999', HEX_READS_PER_HOUR: 'none', HEX_PATIENCE: '1ms' },
  },
};
let rig: Harness;

beforeAll(async () => {
  rig = await harness({ ...OPTIONS, atEnd: (cleanUp) => cleanUps.push(cleanUp) });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
const wait = (fields: object) => ({ id: 'wait', waitFor: { every: '100ms', within: '30s', ...fields } });
const start = (steps: unknown[], more: object = {}) => rig.hex.startPipeline({ steps, ...more } as never);
const run = async (steps: unknown[]) => (await (await start(steps)).result()) as PipelineResult;
const waited = async (fields: object) => (await run([wait(fields)])).steps.wait as WaitStepResult;
const stepError = async (steps: unknown[]) => {
  const failure = await failureOf((await start(steps)).result());
  return (failure.details as [PipelineFailureDetails])[0].error;
};
const lists = (sandbox: Sandbox, projectId: string) =>
  sandbox
    .ledger()
    .requests.filter((one) => one.operation === 'listProjectRuns' && one.projectId === projectId);
const looked = (projectId: string, sandbox = rig.sandbox) =>
  until(`a look at ${projectId}`, async () => lists(sandbox, projectId).length > 0);

describe('a wait for a run of a project', () => {
  it('is over at once where the run ended before the pipeline began', async () => {
    const [seeded] = rig.sandbox.seed({ projectId: 'early', ago: '10m', duration: '1m' });
    const result = await waited({ projectId: 'early', newerThan: ago(1_200) });
    expect(result).toMatchObject({ status: 'COMPLETED', projectId: 'early', runId: seeded?.runId });
    expect(lists(rig.sandbox, 'early')).toHaveLength(1);
  });

  it('waits for a run that somebody else starts later, and gives it to later steps', async () => {
    rig.sandbox.seed({ projectId: 'theirs', ago: '1h', duration: '1m' });
    const handle = await start([
      wait({ projectId: 'theirs' }),
      hex('load', { inputParams: { run: '{{ steps.wait.runId }}' } }),
    ]);
    await looked('theirs');
    const [seeded] = rig.sandbox.seed({ projectId: 'theirs', trigger: 'APP_REFRESH', duration: '200ms' });
    const { steps } = (await handle.result()) as PipelineResult;
    expect(steps.wait).toMatchObject({ runId: seeded?.runId });
    const load = rig.sandbox.ledger().runs.find(({ projectId }) => projectId === 'load');
    expect(load?.inputParams).toEqual({ run: seeded?.runId });
    const { events } = await handle.fetchHistory();
    expect(
      events?.filter((one) => one.activityTaskScheduledEventAttributes?.activityType?.name === 'waitFor'),
    ).toHaveLength(1);
    await replay(rig, handle.workflowId);
  });

  it('fails with words when none comes in time; older runs and those that ended otherwise do not count', async () => {
    rig.sandbox.seed([
      { projectId: 'never', ago: '2h', duration: '1m' },
      { projectId: 'never', ago: '5m', duration: '1m', endAs: 'ERRORED' },
      { projectId: 'never', duration: '1h' },
    ]);
    const error = await stepError([wait({ projectId: 'never', newerThan: ago(3_600), within: '700ms' })]);
    expect(error).toMatchObject({ type: 'WaitTimedOut', hint: expect.stringContaining('"within"') });
    expect(error?.message).toMatch(
      /^Waited 700ms for a completed run of project never that started at .* or later, which did not come: 1 of its runs have not ended$/,
    );
  });

  it('counts failed runs where it says so', async () => {
    rig.sandbox.seed({ projectId: 'bad', ago: '5m', duration: '1m', endAs: 'KILLED' });
    const newer = { projectId: 'bad', newerThan: ago(3_600) };
    expect(await waited({ ...newer, status: 'failed' })).toMatchObject({ status: 'KILLED' });
    expect(await waited({ ...newer, status: 'any' })).toMatchObject({ status: 'KILLED' });
  });

  it('finds a run behind more than a page of newer ones', async () => {
    const newer = Array.from({ length: 130 }, () => ({
      projectId: 'busy',
      ago: '2m',
      duration: '1s',
      endAs: 'ERRORED' as const,
    }));
    const [seeded] = rig.sandbox.seed([{ projectId: 'busy', ago: '5m', duration: '1s' }, ...newer]);
    expect(await waited({ projectId: 'busy', newerThan: ago(3_600) })).toMatchObject({
      runId: seeded?.runId,
    });
  });

  it('fails at once for a project that is not there, and is told when one goes away', async () => {
    const gone = { match: { projectId: 'gone' }, times: null, status: 404 } as const;
    rig.sandbox.script({ ...gone, match: { projectId: 'misspelt' } });
    expect(await stepError([wait({ projectId: 'misspelt' })])).toMatchObject({ type: 'HexNotFound' });
    expect(lists(rig.sandbox, 'misspelt')).toHaveLength(1);
    const handle = await start([wait({ projectId: 'gone' })]);
    await looked('gone');
    rig.sandbox.script(gone);
    const { details } = await failureOf(handle.result());
    expect((details as [PipelineFailureDetails])[0].error).toMatchObject({
      type: 'HexNotFound',
      hint: expect.stringContaining('project'),
    });
  });

  it('is cancelled at once', async () => {
    const handle = await start([wait({ projectId: 'cancelled', every: '1h', within: '2h' })]);
    await looked('cancelled');
    await rig.hex.cancel(handle.workflowId);
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  });

  it('shares its lists with other waits and with the reads of runs', async () => {
    rig.sandbox.settings({ durations: { shared: '2500ms' } });
    const handle = await start(
      [
        { id: 'own', dependsOn: [], projectId: 'shared', poll: { min: '1s', max: '1s', first: '1s' } },
        {
          ...wait({ projectId: 'shared', every: '1s', newerThan: '{{ run.scheduledTime }}' }),
          dependsOn: [],
          forEach: Array.from({ length: 20 }, (_, n) => n),
        },
      ],
      { onFailure: 'continue' },
    );
    await handle.result();
    // Twenty waits that look each second, for two and a half seconds.
    expect(lists(rig.sandbox, 'shared').length).toBeLessThan(15);
  });
});

describe('a wait for others', () => {
  it('is over when the partition of the other pipeline has succeeded, whoever started it', async () => {
    const name = `upstream-${process.pid}`;
    const handle = await start([wait({ pipeline: name, partition: '2026-01-31' })]);
    const other = (partition: string, projectId: string) =>
      rig.hex.startPipeline({ pipeline: { name, steps: [hex(projectId)] }, partition } as never);
    rig.sandbox.script({ match: { projectId: 'fails' }, endAs: 'ERRORED' });
    await failureOf((await other('2026-01-31', 'fails')).result());
    await (await other('2026-01-30', 'another-day')).result();
    expect((await handle.describe()).status.name).toBe('RUNNING');
    const good = await other('2026-01-31', 'works');
    const { steps } = (await handle.result()) as PipelineResult;
    expect(steps.wait).toMatchObject({ workflowId: good.workflowId, partition: '2026-01-31' });
  });

  it('is over when the workflow has completed, and fails when it has failed', async () => {
    const [good, bad] = [`wait-good-${process.pid}`, `wait-bad-${process.pid}`];
    const waiting = await start([wait({ workflow: good })]);
    const failing = await start([wait({ workflow: bad })]);
    rig.sandbox.script({ match: { projectId: 'breaks' }, endAs: 'ERRORED' });
    await rig.hex.startPipeline({ steps: [hex('fine')] } as never, { workflowId: good });
    await rig.hex.startPipeline({ steps: [hex('breaks')] } as never, { workflowId: bad });
    expect(((await waiting.result()) as PipelineResult).steps.wait).toMatchObject({ workflowId: good });
    const failure = await failureOf(failing.result());
    expect((failure.details as [PipelineFailureDetails])[0].error).toMatchObject({
      type: 'WaitedForFailed',
      message: `The workflow ${bad}, which is waited for, has ended as FAILED`,
    });
  });
});

it('a wait goes on when its worker was killed', async () => {
  const own = await harness({ ...OPTIONS, worker: false });
  const worker = await own.spawnWorker();
  const handle = await own.hex.startPipeline({ steps: [wait({ projectId: 'slow', every: '2s' })] } as never);
  await until('the pause after the first look', async () => {
    const { pendingActivities } = (await handle.describe()).raw;
    return pendingActivities?.some(({ attempt }) => (attempt ?? 0) > 1);
  });
  worker.kill('SIGKILL');
  const [seeded] = own.sandbox.seed({ projectId: 'slow', duration: '1ms' });
  await own.work();
  const { steps } = (await handle.result()) as PipelineResult;
  expect(steps.wait).toMatchObject({ runId: seeded?.runId });
});

it.each<[object, string]>([
  [{}, 'steps[0].waitFor: does not say what for: give it one of projectId, pipeline, workflow'],
  [
    { projectId: 'a', workflow: 'b' },
    'steps[0].waitFor: waits for one thing only, but has projectId and workflow',
  ],
  [{ pipeline: 'daily' }, 'steps[0].waitFor.partition: is required'],
  [
    { pipeline: 'daily', partition: 'x', status: 'failed' },
    'steps[0].waitFor.status: goes with projectId only',
  ],
  [{ projectId: 'a', partition: 'x' }, 'steps[0].waitFor.partition: goes with pipeline only'],
  [{ projectId: 'a', status: 'COMPLETED' }, 'steps[0].waitFor.status: must be one of completed, failed, any'],
  [{ projectId: 'a', newerThan: '2026-01-31' }, 'steps[0].waitFor.newerThan: must be an ISO 8601 time'],
  [{ projectId: 'a', every: '2h', within: '1h' }, 'steps[0].waitFor.every: is longer than "within"'],
  [{ projectId: 'a', within: 60 }, 'steps[0].waitFor.within: 60 has no unit'],
  [{ project: 'a' }, 'steps[0].waitFor.project: unknown field'],
])('%j is refused: %s', (definition, problem) => {
  const parsed = parsePipelineInput({ steps: [{ waitFor: definition }] });
  const problems = parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  expect(problems).toContainEqual(expect.stringContaining(problem));
});
