import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import { createHexClient } from '../../src/hex/index.js';
import type { JanitorReport } from '../../src/run/janitor-input.js';
import { FAST, type Harness, harness, TOKEN, until } from '../support/harness.js';
import { webhookReceiver } from '../support/webhook.js';

const project = () => `project-${randomUUID()}`;

/** A run whose workflow was terminated, so that nobody is left to cancel it. */
async function orphan(rig: Harness, projectId: string): Promise<string> {
  const handle = await rig.hex.startRun({ projectId, ...FAST });
  const runId = await liveRun(rig, projectId);
  await terminated(rig, handle);
  return runId;
}

/** A workflow with the memo of one that lets its run go on without it. */
const leftOnPurpose = ({ temporal, taskQueue }: Harness, projectId: string) =>
  temporal.workflow.start('hexRun', {
    taskQueue,
    workflowId: `left-${randomUUID()}`,
    args: [{ projectId, ...FAST }],
    memo: { hexLeftRunning: 'as leave does' },
  });

/** Hex's id of the project's run, once it has been read. */
async function liveRun({ sandbox }: Harness, projectId: string): Promise<string> {
  const { runs } = await sandbox.waitFor(({ requests }) =>
    requests.some((each) => each.operation === 'getRunStatus' && each.projectId === projectId),
  );
  return runs.find((run) => run.projectId === projectId)?.runId ?? '';
}

async function terminated(
  { temporal }: Harness,
  handle: { workflowId: string; terminate(reason: string): Promise<unknown> },
): Promise<void> {
  await handle.terminate('a test');
  const query = `WorkflowId = '${handle.workflowId}' AND ExecutionStatus = 'Terminated'`;
  await until('it can be listed', async () => (await temporal.workflow.count(query)).count > 0);
}

const janitor = ({ temporal, taskQueue }: Harness, input: object): Promise<JanitorReport> =>
  temporal.workflow.execute('hexJanitor', {
    taskQueue,
    workflowId: `janitor-${randomUUID()}`,
    args: [input],
  });

/** The reads of Hex while something is done. */
async function readsOf<T>({ sandbox }: Harness, work: Promise<T>): Promise<{ reads: string[]; result: T }> {
  const before = sandbox.ledger().requests.length;
  const result = await work;
  const reads = sandbox
    .ledger()
    .requests.slice(before)
    .flatMap(({ method, operation }) => (method === 'GET' ? [operation ?? ''] : []));
  return { reads, result };
}
const noneCancelled = ({ sandbox }: Harness) =>
  expect(sandbox.ledger().runs.filter(({ cancelRequestedAt }) => cancelRequestedAt)).toEqual([]);

it('reports the run of a terminated workflow and touches nothing', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const runId = await orphan(rig, projectId);
  const report = await janitor(rig, { projects: [projectId], roundInterval: '50ms' });
  expect(report).toMatchObject({ mode: 'report', strays: [{ projectId, runId }], cancelled: [] });
  expect(rig.sandbox.ledger().runs.filter(({ cancelRequestedAt }) => cancelRequestedAt)).toEqual([]);
});

it('cancels it when told to, and confirms it', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const runId = await orphan(rig, projectId);
  const report = await janitor(rig, { projects: [projectId], mode: 'cancel', roundInterval: '50ms' });
  expect(report).toMatchObject({ cancelled: [runId] });
  expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});

it('leaves runs of open workflows and runs of others alone', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const handle = await rig.hex.startRun({ projectId, ...FAST });
  await rig.sandbox.waitFor(({ requests }) => requests.some(({ operation }) => operation === 'getRunStatus'));
  await fetch(`${rig.sandbox.apiUrl}/projects/${projectId}/runs`, {
    method: 'POST',
    headers: { authorization: 'Bearer somebody-else' },
  });
  const report = await janitor(rig, { projects: [projectId], mode: 'cancel', roundInterval: '50ms' });
  expect(report).toMatchObject({ strays: [], cancelled: [], foreign: 1 });
  expect(rig.sandbox.ledger().runs.filter(({ cancelRequestedAt }) => cancelRequestedAt)).toEqual([]);
  await handle.cancel();
  await handle.result().catch(() => undefined);
});

it('leaves a run alone that was left on purpose', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const handle = await leftOnPurpose(rig, projectId);
  await liveRun(rig, projectId);
  await terminated(rig, handle);
  for (const look of ['full', 'quick'])
    expect(await janitor(rig, { look, mode: 'cancel', roundInterval: '50ms' })).toMatchObject({
      strays: [],
      foreign: 0,
    });
  noneCancelled(rig);
});

it('finds the projects of our own runs by itself', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const runId = await orphan(rig, projectId);
  const report = await janitor(rig, { roundInterval: '50ms' });
  expect(report).toMatchObject({
    strays: expect.arrayContaining([expect.objectContaining({ projectId, runId })]),
  });
});

it.each(['quick', 'full'])(
  'a %s look finds a run whose project was a template, beside ids that are none',
  async (look) => {
    const rig = await harness({ sandbox: { duration: '1h' } });
    const projectId = project();
    for (const bad of ['../users/me', '{{ run.dat }}', 'no id'])
      await rig.temporal.workflow
        .execute('hexRun', { taskQueue: rig.taskQueue, workflowId: randomUUID(), args: [{ projectId: bad }] })
        .catch(() => undefined);
    const handle = await rig.temporal.workflow.start('hexRun', {
      taskQueue: rig.taskQueue,
      workflowId: projectId,
      args: [{ projectId: '{{ run.workflowId }}', ...FAST }],
    });
    const runId = await liveRun(rig, projectId);
    await terminated(rig, handle);
    const report = await janitor(rig, { look, mode: 'cancel', roundInterval: '50ms' });
    expect(report).toMatchObject({ strays: [{ projectId, runId }], cancelled: [runId] });
  },
);

it('finds the run of a workflow that was terminated while its POST was in flight', async () => {
  const connection = `c-${randomUUID().slice(0, 8)}`;
  const prefix = `HEX_CONNECTION_${connection.toUpperCase().replaceAll('-', '_')}_`;
  const rig = await harness({ sandbox: { duration: '1h' }, worker: false });
  Object.assign(rig.env, { [`${prefix}API_TOKEN`]: TOKEN, [`${prefix}BASE_URL`]: rig.sandbox.url });
  await rig.work();
  const projectId = project();
  rig.sandbox.script([{ match: { operation: 'runProject' }, lateMs: 700 }]);
  const handle = await rig.hex.startRun({ projectId, connection, ...FAST });
  const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
  await handle.terminate('a test');
  const limiter = rig.temporal.workflow.getHandle(`hex-limiter/${rig.taskQueue}/${connection}`);
  const runId = runs[0]?.runId ?? '';
  await until('the limiter knows the run', async () => runId in (await limiter.query<object>('holders')));
  const report = await janitor(rig, {
    connection,
    projects: [projectId],
    mode: 'cancel',
    roundInterval: '50ms',
  });
  expect(report).toMatchObject({ cancelled: [runId] });
  expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});

describe('a quick look', () => {
  const QUICK = { look: 'quick', roundInterval: '50ms' };

  it('finds a terminated hexRun with two reads, and no other run costs any', async () => {
    const rig = await harness({ sandbox: { duration: '1h' } });
    const projectId = project();
    const runId = await orphan(rig, projectId);
    rig.sandbox.settings({ duration: 50 });
    for (let n = 0; n < 3; n++) await (await rig.hex.startRun({ projectId: project(), ...FAST })).result();
    const { reads, result } = await readsOf(rig, janitor(rig, QUICK));
    expect(result).toMatchObject({
      look: 'quick',
      strays: [{ projectId, runId }],
      reads: 2,
    });
    expect(reads).toEqual(['getRunStatus', 'getRunStatus']);
    noneCancelled(rig);
  });

  it('of a schedule goes on where the look before ended', async () => {
    const rig = await harness({ sandbox: { duration: '1h' } });
    const scheduleId = `schedule-${randomUUID()}`;
    const schedule = await rig.temporal.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: '30 days' }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'hexJanitor',
        workflowId: scheduleId,
        taskQueue: rig.taskQueue,
        args: [{ ...QUICK, lookback: '1ms' }],
      },
    });
    const look = async () => {
      const before = (await schedule.describe()).info.recentActions.length;
      // Only looks that may not overlap hand their result on.
      await schedule.trigger('BUFFER_ONE');
      const action = await until('the look has started', async () => {
        const { recentActions } = (await schedule.describe()).info;
        return recentActions.length > before && recentActions.at(-1)?.action;
      });
      return rig.temporal.workflow.getHandle(action.workflow.workflowId).result() as Promise<JanitorReport>;
    };
    try {
      // A look back of a millisecond sees nothing by itself.
      expect(await look()).toMatchObject({ strays: [], reads: 0 });
      const runId = await orphan(rig, project());
      expect(await look()).toMatchObject({ strays: [{ runId }], reads: 2 });
    } finally {
      await schedule.delete();
    }
  });

  it('tells those who look after the workers, with the page of the run', async () => {
    const hook = await webhookReceiver();
    const rig = await harness({
      sandbox: { duration: '1h' },
      env: { HEX_NOTIFY_OPS_URL: hook.url, HEX_NOTIFY_ALERTS: 'ops' },
    });
    expect(await janitor(rig, QUICK)).toMatchObject({ strays: [] });
    expect(hook.all).toEqual([]);
    const projectId = project();
    const runId = await orphan(rig, projectId);
    await janitor(rig, QUICK);
    expect(hook.notifications()).toMatchObject([
      {
        event: 'strays',
        severity: 'warning',
        projectId,
        hexRunId: runId,
        connection: 'default',
        text: expect.stringContaining(`${runId} of project ${projectId}`),
        links: { hex: expect.stringContaining(runId) },
      },
    ]);
  });

  it('cancels what it finds where it may', async () => {
    const rig = await harness({ sandbox: { duration: '1h' } });
    const runId = await orphan(rig, project());
    expect(await janitor(rig, { ...QUICK, mode: 'cancel' })).toMatchObject({ cancelled: [runId] });
    expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
  });

  it('finds the run of a clean-up that failed, and not that of a run that failed by itself', async () => {
    const rig = await harness({ sandbox: { duration: '1h' } });
    const projectId = project();
    rig.sandbox.script([{ match: { operation: 'cancelRun' }, times: 1_000, status: 500 }]);
    const handle = await rig.hex.startRun({ projectId, cleanupTimeout: '500ms', ...FAST });
    const runId = await liveRun(rig, projectId);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    rig.sandbox.settings({ duration: 50 });
    rig.sandbox.script([{ match: { operation: 'runProject' }, endAs: 'ERRORED' }]);
    await expect((await rig.hex.startRun({ projectId: project(), ...FAST })).result()).rejects.toThrow();
    await until('both can be listed', async () => {
      const query = `WorkflowType = 'hexRun' AND TaskQueue = '${rig.taskQueue}' AND ExecutionStatus = 'Failed'`;
      return (await rig.temporal.workflow.count(query)).count === 2;
    });
    expect(await janitor(rig, QUICK)).toMatchObject({ strays: [{ projectId, runId }], reads: 2 });
  });

  it('leaves alone what another task queue has to look after, and a workflow that began anew under its id', async () => {
    const rig = await harness({ sandbox: { duration: '1h' } });
    await orphan(rig, project());
    const other = await harness();
    expect(await janitor(other, QUICK)).toMatchObject({ strays: [], reads: 0 });
    const workflowId = `again-${randomUUID()}`;
    const [first, second] = [project(), project()];
    const handle = await rig.hex.startRun({ projectId: first, ...FAST }, { workflowId });
    const lost = await liveRun(rig, first);
    await terminated(rig, handle);
    const anew = await rig.hex.startRun({ projectId: second, ...FAST }, { workflowId });
    const kept = await liveRun(rig, second);
    const report = await janitor(rig, { ...QUICK, mode: 'cancel', projects: [first, second] });
    expect(report.cancelled).toEqual([lost]);
    expect(rig.sandbox.ledger().runs.find(({ runId }) => runId === kept)).toMatchObject({ alive: true });
    await anew.cancel();
    await anew.result().catch(() => undefined);
  });
});

describe('without our search attributes', () => {
  /** A worker whose namespace does not know them, and without a limiter: only input, history and status are left. */
  const bare = async (): Promise<Harness> => {
    const rig = await harness({ worker: false, sandbox: { duration: '1h' } });
    const hex = createHexClient({ name: 'default', baseUrl: rig.sandbox.url, token: () => TOKEN });
    const { workflow: workflows } = rig.temporal;
    await rig.work({ activities: createActivities({ hex: () => hex, workflows }) });
    return rig;
  };

  it.each(['quick', 'full'])('a %s look leaves a run alone that was left on purpose', async (look) => {
    const rig = await bare();
    const projectId = project();
    const handle = await leftOnPurpose(rig, projectId);
    await liveRun(rig, projectId);
    await terminated(rig, handle);
    expect(await janitor(rig, { look, mode: 'cancel', roundInterval: '50ms' })).toMatchObject({
      strays: [],
      possible: [],
      foreign: 0,
    });
    noneCancelled(rig);
  });

  it.each(['quick', 'full'])('a %s look finds the run of a terminated workflow', async (look) => {
    const rig = await bare();
    const [projectId, busy] = [project(), project()];
    const runId = await orphan(rig, projectId);
    const open = await rig.hex.startRun({ projectId: busy, ...FAST });
    await liveRun(rig, busy);
    const report = await janitor(rig, { look, mode: 'cancel', roundInterval: '50ms' });
    expect(report).toMatchObject({ strays: [{ projectId, runId }], cancelled: [runId], foreign: 0 });
    expect(rig.sandbox.ledger().runs.find((run) => run.projectId === busy)).toMatchObject({ alive: true });
    await open.cancel();
    await open.result().catch(() => undefined);
  });

  it('an open workflow that adopted its run keeps it; one that was terminated leaves it to be found', async () => {
    const rig = await bare();
    const projectId = project();
    rig.sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
    const handle = await rig.hex.startRun({ projectId, ...FAST });
    const runId = await liveRun(rig, projectId);
    const full = { mode: 'cancel', projects: [projectId], roundInterval: '50ms' };
    expect(await janitor(rig, full)).toMatchObject({ strays: [], possible: [], foreign: 0 });
    noneCancelled(rig);
    await terminated(rig, handle);
    expect(await janitor(rig, { look: 'quick', roundInterval: '50ms' })).toMatchObject({
      strays: [{ runId }],
    });
  });

  it('a run whose start nobody can prove is reported and never cancelled, as are runs of others', async () => {
    const rig = await bare();
    const projectId = project();
    rig.sandbox.script([{ match: { operation: 'runProject' }, lateMs: 700 }]);
    const handle = await rig.hex.startRun({ projectId, ...FAST });
    const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
    await terminated(rig, handle);
    const { reads, result } = await readsOf(
      rig,
      janitor(rig, { look: 'quick', mode: 'cancel', roundInterval: '50ms' }),
    );
    const runId = runs[0]?.runId;
    expect(result).toMatchObject({ strays: [], cancelled: [], possible: [{ projectId, runId }] });
    expect(reads).toEqual(['listProjectRuns', 'getRunStatus']);
    noneCancelled(rig);
  });
});

describe('a full look over 40 projects at 30 reads a minute', () => {
  /** Sixty times as fast: a minute of Hex is a second here. */
  const FACTOR = 60;
  const MINUTE_MS = 60_000;

  it('ends in about the time that a fifth of the reads allows, asks each project once, and never begins anew', async () => {
    const rig = await harness({
      sandbox: { duration: '24h', clockFactor: FACTOR, limits: { readsPerMinute: 30, readsPerHour: 1_800 } },
      env: { HEX_LIMITS: 'on', HEX_CLOCK_FACTOR: String(FACTOR) },
    });
    const projects = Array.from({ length: 40 }, (_, n) => `${String(n).padStart(2, '0')}-${project()}`);
    const last = projects.at(-1) ?? '';
    const runId = await orphan(rig, last);
    const began = Date.now();
    const { reads, result } = await readsOf(rig, janitor(rig, { projects, roundInterval: '50ms' }));
    const minutes = ((Date.now() - began) * FACTOR) / MINUTE_MS;
    expect(result).toMatchObject({
      projects,
      unreadable: [],
      strays: [{ runId, projectId: last }],
      reads: 41,
    });
    expect(reads.filter((operation) => operation === 'listProjectRuns')).toHaveLength(40);
    const { requests } = rig.sandbox.ledger();
    expect(requests.filter(({ status }) => status === 429)).toEqual([]);
    const times = requests.flatMap((each) =>
      each.operation === 'listProjectRuns' ? [Date.parse(each.at)] : [],
    );
    const mostInAMinute = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE_MS).length),
    );
    expect(mostInAMinute).toBeLessThanOrEqual(30 / 5 + 1);
    // 41 reads at 6 a minute are 6.8 minutes; an activity takes its time, which a fast clock makes long.
    expect(minutes).toBeGreaterThan(40 / 6 - 1);
    expect(minutes).toBeLessThan(40);
  });
});
