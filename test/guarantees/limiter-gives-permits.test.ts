import { randomUUID } from 'node:crypto';
import type { State } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { workflowLimiters } from '../../src/activities/limiters.js';
import { timestampMs } from '../../src/base/timestamp.js';
import type { LimiterEvent, LimiterView } from '../../src/limits/index.js';
import type { PipelineDefinition } from '../../src/pipeline/definition/definition.js';
import type { PipelineProgress } from '../../src/pipeline/execution/result.js';
import type { SandboxOptions } from '../../src/sandbox/index.js';
import { watchLimiters } from '../../src/worker/limiter-watch.js';
import type { hexLimiter } from '../../src/workflows/index.js';
import { FAST, type Harness, harness, TOKEN, until } from '../support/harness.js';
import { control, stepIn } from '../support/pipelines.js';

/** A connection of the test's own, with its own limiter. */
async function limited(settings: Record<string, string>, sandbox: SandboxOptions = {}, worker = true) {
  const connection = `c-${randomUUID().slice(0, 8)}`;
  const prefix = `HEX_CONNECTION_${connection.toUpperCase().replaceAll('-', '_')}_`;
  const rig = await harness({ sandbox, worker: false });
  const own = { API_TOKEN: TOKEN, BASE_URL: rig.sandbox.url, ...settings };
  for (const [name, value] of Object.entries(own)) rig.env[`${prefix}${name}`] = value;
  if (worker) await rig.work();
  const limiter = rig.temporal.workflow.getHandle(`hex-limiter/${rig.taskQueue}/${connection}`);
  /** Waits until so many stand in line. */
  const inLine = (count: number) =>
    until(`${count} in line`, async () => {
      const line = await limiter.query<{ waiting: number }>('line').catch(() => null);
      return line?.waiting === count;
    });
  return { ...rig, connection, limiter, inLine };
}

/** All requests for permits that a limiter has had since it last continued as new, and when. */
async function asksOf({ temporal }: Harness, limiterId: string) {
  const { events } = await temporal.workflow.getHandle(limiterId).fetchHistory();
  return (events ?? []).flatMap((event) => {
    const [told] = event.workflowExecutionSignaledEventAttributes?.input?.payloads ?? [];
    const said = told ? (JSON.parse(Buffer.from(told.data ?? []).toString()) as LimiterEvent[]) : [];
    return said.flatMap((one) =>
      one.type === 'acquire' ? [{ ...one, toldAt: timestampMs(event.eventTime) }] : [],
    );
  });
}

/** No limits, and yet a limiter. */
const NONE = {
  STARTS_PER_MINUTE: 'none',
  STARTS_PER_HOUR: 'none',
  KERNELS: 'none',
  READS_PER_MINUTE: 'none',
};

const alive = ({ sandbox }: Harness) =>
  sandbox.ledger().runs.filter(({ status }) => /PENDING|RUNNING/.test(status)).length;
const posts = ({ sandbox }: Harness) => sandbox.ledger().requests.filter(({ method }) => method === 'POST');
const waitsFor = async ({ hex }: Harness, workflowId: string) => {
  const progress = await hex.progress(workflowId).catch(() => null);
  return progress && 'waitingFor' in progress ? progress.waitingFor : null;
};

describe('kernels', () => {
  it('never more runs at once than kernels, and all runs end well', async () => {
    const rig = await limited({ ...NONE, KERNELS: '2' }, { duration: 300 });
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, alive(rig));
    }, 10);
    const { connection, hex } = rig;
    const handles = await Promise.all(
      Array.from({ length: 6 }, (_, index) => hex.startRun({ projectId: `p-${index}`, connection, ...FAST })),
    );
    const results = await Promise.all(handles.map((handle) => handle.result()));
    clearInterval(watch);
    expect(results.every(({ success }) => success)).toBe(true);
    expect(most).toBe(2);
    // All that there was waited for its first permit, so the new limiter had nothing to ask Hex for.
    const { requests } = rig.sandbox.ledger();
    const before = requests.slice(
      0,
      requests.findIndex(({ method }) => method === 'POST'),
    );
    expect(before.filter(({ operation }) => operation === 'listProjectRuns')).toEqual([]);
  });

  it('of a run that was cancelled goes to the next in line', async () => {
    const rig = await limited({ ...NONE, KERNELS: '1' }, { duration: '1h' });
    const { connection, hex, sandbox } = rig;
    const first = await hex.startRun({ projectId: 'first', connection, ...FAST });
    await sandbox.waitFor(({ runs }) => runs.length === 1);
    const second = await hex.startRun({ projectId: 'second', connection, ...FAST });
    await rig.inLine(1);
    expect(sandbox.ledger().runs).toHaveLength(1);
    await first.cancel();
    await sandbox.waitFor(({ runs }) => runs.length === 2);
    await second.cancel();
    await Promise.allSettled([first.result(), second.result()]);
  });

  it('of a terminated run is free again when its lease is over, though nobody said so', async () => {
    const { connection, hex, sandbox, limiter } = await limited({ ...NONE, KERNELS: '1' }, { duration: 500 });
    await (await hex.startRun({ projectId: 'first', connection, ...FAST })).result();
    await limiter.signal('limiterEvents', [{ type: 'settings', patch: { runLeaseMs: 1_000 } }]);
    const lost = await hex.startRun({ projectId: 'lost', connection, ...FAST });
    await sandbox.waitFor(({ runs }) => runs.length === 2);
    await lost.terminate('a test');
    const next = await hex.startRun({ projectId: 'next', connection, ...FAST });
    expect(await next.result()).toMatchObject({ success: true });
  });
});

describe('a place in line', () => {
  it('is given up by a cancel, and nothing reaches Hex', async () => {
    const rig = await limited({ ...NONE, KERNELS: '0' });
    const { connection, hex, inLine } = rig;
    const handle = await hex.startRun({ projectId: 'sales', connection, ...FAST });
    await inLine(1);
    await handle.cancel();
    await handle.result().catch(() => undefined);
    await inLine(0);
    expect(posts(rig)).toEqual([]);
  });

  it('survives the limiter: one that was terminated comes back with its line, its settings and its counts', async () => {
    const rig = await limited({ ...NONE, STARTS_PER_HOUR: '50' }, { duration: '1h' });
    const { connection, hex, limiter, inLine, sandbox } = rig;
    const runs = await Promise.all(
      [1, 2].map((n) => hex.startRun({ projectId: `p-${n}`, connection, ...FAST })),
    );
    await sandbox.waitFor((ledger) => ledger.runs.length === 2);
    await limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: 2 } }]);
    const waiting = await hex.startRun({ projectId: 'waits', connection, ...FAST });
    await inLine(1);
    const stands = async () => {
      const { held, waiting, starts, settings } = await limiter.query<LimiterView>('line');
      return { held, waiting, lastHour: starts.lastHour, kernels: settings.kernels, settings };
    };
    const before = await stands();
    expect(before).toMatchObject({ held: 2, waiting: 1, lastHour: 2, kernels: 2 });
    await limiter.terminate('a test');
    // Whoever has something to say starts it again; here it is the run that is cancelled.
    await runs[0]?.cancel();
    await sandbox.waitFor((ledger) => ledger.runs.length === 3);
    await expect.poll(stands).toEqual({ ...before, held: 2, waiting: 0, lastHour: 3 });
    const all = [...runs, waiting];
    await Promise.all(all.map((handle) => handle.cancel()));
    await Promise.allSettled(all.map((handle) => handle.result()));
  });

  it('of a limiter whose history is gone: the starts of the last hour are counted from the lists of Hex', async () => {
    const rig = await limited({ ...NONE, STARTS_PER_HOUR: '3' }, { duration: 200 });
    const { connection, hex, limiter, inLine, temporal } = rig;
    for (const projectId of ['p-1', 'p-2', 'p-2'])
      await (await hex.startRun({ projectId, connection, ...FAST })).result();
    const { runId } = await limiter.describe();
    await temporal.workflowService.deleteWorkflowExecution({
      namespace: temporal.options.namespace,
      workflowExecution: { workflowId: limiter.workflowId, runId },
    });
    await until('it is gone', async () => {
      const { executions } = await temporal.workflowService.listWorkflowExecutions({
        namespace: temporal.options.namespace,
        query: `WorkflowId = "${limiter.workflowId}"`,
      });
      return executions?.length === 0;
    });
    const fourth = await hex.startRun({ projectId: 'p-3', connection, ...FAST });
    await inLine(1);
    const { starts, line } = await limiter.query<LimiterView>('line');
    expect(starts.lastHour).toBe(3);
    expect(line[0]?.waitsFor).toBe('starts per hour');
    await fourth.cancel();
    await fourth.result().catch(() => undefined);
  });

  it('of a limiter whose history is gone: who waits asks again, and who has a run tells of it', async () => {
    const rig = await limited({ ...NONE, KERNELS: '1' }, { duration: '1h' });
    const { connection, hex, limiter, inLine, sandbox, temporal } = rig;
    const going = await hex.startRun({ projectId: 'going', connection, ...FAST });
    await sandbox.waitFor(({ runs }) => runs.length === 1);
    const waiting = await hex.startRun({ projectId: 'waits', connection, ...FAST });
    await inLine(1);
    const { runId } = await limiter.describe();
    await temporal.workflowService.deleteWorkflowExecution({
      namespace: temporal.options.namespace,
      workflowExecution: { workflowId: limiter.workflowId, runId },
    });
    await until('it is gone', async () => !(await limiter.describe().catch(() => null)));
    const third = await hex.startRun({ projectId: 'third', connection, ...FAST });
    await inLine(2);
    expect(sandbox.ledger().runs).toHaveLength(1);
    const { held, line } = await limiter.query<LimiterView>('line');
    expect(held).toBe(1);
    expect(line.map(({ projectId }) => projectId)).toEqual(['waits', 'third']);
    await going.cancel();
    await sandbox.waitFor(({ runs }) => runs.length === 2);
    expect(sandbox.ledger().runs[1]?.projectId).toBe('waits');
    const all = [going, waiting, third];
    await Promise.all(all.map((handle) => handle.cancel()));
    await Promise.allSettled(all.map((handle) => handle.result()));
  });

  it('a run that waits asks again, too, where a worker of before runs the limiter that calls', async () => {
    const rig = await limited({ ...NONE, KERNELS: '0' });
    const { connection, hex, limiter, inLine } = rig;
    const waiting = await hex.startRun({ projectId: 'waits', connection, ...FAST });
    await inLine(1);
    await limiter.terminate('a test');
    await rig.temporal.workflow.getHandle(waiting.workflowId).signal('askAgain', { connection });
    await until('the limiter is back', async () => (await limiter.describe()).status.name === 'RUNNING');
    await inLine(1);
    await waiting.cancel();
    await waiting.result().catch(() => undefined);
  });

  it('of a terminated limiter comes back though nobody has anything to say', async () => {
    const rig = await limited({ ...NONE, KERNELS: '0' });
    const { connection, hex, limiter, inLine, temporal, taskQueue } = rig;
    const waiting = await hex.startRun({ projectId: 'waits', connection, ...FAST });
    await inLine(1);
    const settings = { [connection]: { kernels: 0 } };
    const limiters = workflowLimiters({ workflows: temporal.workflow, taskQueue, settings });
    await limiter.terminate('a test');
    let state: State = 'RUNNING';
    watchLimiters({ getState: () => state }, limiters, [connection], 20);
    await until('it is back', async () => (await limiter.describe()).status.name === 'RUNNING');
    await inLine(1);
    state = 'STOPPED';
    await limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: 1 } }]);
    expect(await waiting.result()).toMatchObject({ success: true });
  });

  it('costs nothing: no timer of less than an hour, no event more, and one word to the pipeline above at most', async () => {
    const rig = await limited({ ...NONE, KERNELS: '1' });
    const { connection, hex, temporal, limiter } = rig;
    // One that has just begun calls all runs that are there.
    await (await hex.startRun({ projectId: 'first', connection, ...FAST })).result();
    await limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: 0 } }]);
    const items = Array.from({ length: 12 }, (_, index) => index);
    const steps = [{ id: 'each', forEach: items, projectId: 'p-{{ item }}', connection, ...FAST }];
    const { workflowId } = await hex.startPipeline(steps);
    await rig.inLine(items.length);
    const eventsOf = async (id: string) =>
      (await temporal.workflow.getHandle(id).fetchHistory()).events ?? [];
    // The first tells the pipeline, after 5 s, that its step is in line.
    for (const item of items.slice(1)) {
      const events = await until('it only waits', async () => {
        const found = await eventsOf(`${workflowId}/each/${item}`);
        return found.some((event) => event.timerStartedEventAttributes) ? found : false;
      });
      const timers = events.flatMap(
        ({ timerStartedEventAttributes: timer }) => timer?.startToFireTimeout ?? [],
      );
      expect(Number(timers[0]?.seconds)).toBeGreaterThanOrEqual(3_600);
      // The asking and the long timer: it has done nothing else. A limiter that another test begins calls all runs.
      const names = events.flatMap(
        (event) => Object.keys(event).find((key) => key.endsWith('Attributes')) ?? [],
      );
      const done = names.filter((name) => !/^workflow(Task|Execution(Started|Signaled))/.test(name));
      expect(done).toEqual(['markerRecordedEventAttributes', 'timerStartedEventAttributes']);
    }
    const asked = (await asksOf(rig, limiter.workflowId))
      .filter(({ ahead }) => !ahead)
      .map(({ requestId }) => requestId);
    // A request that was not answered at once is repeated once.
    expect(new Set(asked).size).toBe(1 + items.length);
    expect(asked.length).toBeLessThanOrEqual(1 + 2 * items.length);
    const above = await eventsOf(workflowId);
    const words = above.filter((event) => event.workflowExecutionSignaledEventAttributes);
    expect(words.length).toBeLessThanOrEqual(1);
    await hex.cancel(workflowId);
    await hex.result(workflowId).catch(() => undefined);
  });

  it('is shown to people while they wait', async () => {
    const rig = await limited({ ...NONE, KERNELS: '0' });
    const { connection, hex, limiter } = rig;
    const handle = await hex.startRun({ projectId: 'sales', connection, ...FAST });
    const words = await until('the run tells its place', async () => {
      const waitingFor = await waitsFor(rig, handle.workflowId);
      return waitingFor?.includes('place 1') && waitingFor;
    });
    expect(words).toMatch(/kernel.*place 1 in line/);
    await limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: 5 } }]);
    await handle.result();
  });

  it('is shown in the step of a pipeline as it is now, and both are queued until it runs', async () => {
    const rig = await limited({ ...NONE, KERNELS: '0' }, { duration: '1h' });
    const { connection, hex, limiter } = rig;
    const ahead = await hex.startRun({ projectId: 'ahead', connection, ...FAST });
    await rig.inLine(1);
    const { workflowId } = await hex.startPipeline([{ id: 'load', projectId: 'sales', connection, ...FAST }]);
    await rig.inLine(2);
    const progress = async () => (await hex.progress(workflowId)) as PipelineProgress;
    const seen = new Set<string>();
    const says = (words: RegExp) =>
      until(`the step says ${words}`, async () => {
        const { status: pipeline, steps } = await progress();
        const { status = 'waiting', waitingFor = '' } = steps[0] ?? {};
        seen.add(status).add(pipeline);
        return words.test(waitingFor);
      });
    // No workflow is told of its place: whoever looks asks the limiter.
    const askedAt = Date.now();
    await says(/kernel.*place 2 in line/);
    await ahead.cancel();
    await says(/kernel.*place 1 in line/);
    expect(Date.now() - askedAt).toBeLessThan(10_000);
    expect(seen).not.toContain('running');
    await limiter.signal('limiterEvents', [{ type: 'settings', patch: { kernels: 5 } }]);
    const running = await until('the step has a run', async () => {
      const now = await progress();
      return now.steps[0]?.runId ? now : false;
    });
    expect(running).toMatchObject({ status: 'running', steps: [{ status: 'running' }] });
    expect(running.steps[0]).not.toHaveProperty('waitingFor');
    await hex.cancel(workflowId);
    await hex.result(workflowId).catch(() => undefined);
  });
});

describe('where nobody waits, a permit', () => {
  /** A limiter that has just begun is not that quick. */
  const quick = async (settings: Record<string, string> = {}) => {
    const rig = await limited({ ...NONE, ...settings }, { duration: 0 });
    const { connection, hex, temporal, limiter, taskQueue } = rig;
    const limiters = workflowLimiters({ workflows: temporal.workflow, taskQueue, settings: {} });
    const signalsTo = async (workflowId: string) =>
      ((await temporal.workflow.getHandle(workflowId).fetchHistory()).events ?? []).filter(
        (event) => event.workflowExecutionSignaledEventAttributes,
      ).length;
    await until('a permit is there at once', async () => {
      const run = await hex.startRun({ projectId: 'sales', connection, ...FAST });
      await run.result();
      return (await signalsTo(run.workflowId)) === 0;
    });
    const stands = async () => {
      const { held, starts } = await limiter.query<LimiterView>('line');
      return { held, lastHour: starts.lastHour };
    };
    const request = { type: 'acquire', projectId: 'sales', priority: 0 } as const;
    /** A permit for a workflow that is not there; its request. */
    const askAtOnce = () =>
      until('it is there at once', async () => {
        const requestId = randomUUID();
        const given = await limiters.ask(connection, { ...request, requestId, workflowId: requestId }, true);
        if (given === null) await limiter.signal('limiterEvents', [{ type: 'released', requestId }]);
        return given;
      });
    /** A worker that begins this run, and is not the one that it runs on. */
    const askAhead = async (workflowId: string) => {
      // It does so once it knows that the limiter is quick.
      await limiter.signal('limiterEvents', [{ type: 'released', requestId: await askAtOnce() }]);
      limiters.askAhead(connection, { ...request, workflowId });
      await expect.poll(stands).toMatchObject({ held: 1 });
    };
    return { ...rig, limiters, signalsTo, stands, askAtOnce, askAhead };
  };

  it('is in the history of the run from its first task on, and counts as any other', async () => {
    const { connection, hex, signalsTo, stands } = await quick({ STARTS_PER_HOUR: '500' });
    const { lastHour } = await stands();
    const step = { projectId: 'sales', connection, ...FAST, poll: { ...FAST.poll, first: 0 } };
    const begunAt = Date.now();
    const pipeline = await hex.startPipeline(['a', 'b', 'c'].map((id) => ({ id, ...step })));
    await pipeline.result();
    await expect.poll(stands).toEqual({ held: 0, lastHour: lastHour + 3 });
    // Where an end is not told, the next start of the project waits for a lease of 10 s.
    expect(Date.now() - begunAt).toBeLessThan(9_000);
    const signals = await Promise.all(['a', 'b', 'c'].map((id) => signalsTo(`${pipeline.workflowId}/${id}`)));
    // On a busy machine one of them may have to be sent.
    expect(signals).toContain(0);
  });

  describe('is asked for when the step before is seen to have succeeded, before its pipeline hears of that', () => {
    /** Runs a pipeline of which "a" goes on until `meanwhile` is over; for which steps was asked before it heard of the end? */
    const askedEarly = async (
      rig: Awaited<ReturnType<typeof quick>>,
      pipeline: object,
      meanwhile: (workflowId: string) => Promise<unknown> = async () => {},
    ) => {
      const { hex, limiter, sandbox, temporal } = rig;
      sandbox.reset();
      sandbox.script([
        { match: { projectId: 'a' }, duration: 'forever' },
        { match: { projectId: 'fails' }, endAs: 'ERRORED' },
      ]);
      const { workflowId } = await hex.startPipeline(pipeline as PipelineDefinition);
      await stepIn(rig, workflowId, 'a', 'running');
      await meanwhile(workflowId);
      sandbox.script([{ match: { operation: 'getRunStatus', projectId: 'a' }, endAs: 'COMPLETED' }]);
      await stepIn(rig, workflowId, 'a', 'success');
      const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
      const heard = events?.find(
        ({ childWorkflowExecutionCompletedEventAttributes: child }) =>
          child?.workflowExecution?.workflowId === `${workflowId}/a`,
      );
      const asked = (await asksOf(rig, limiter.workflowId))
        .filter(({ toldAt }) => toldAt < timestampMs(heard?.eventTime))
        .flatMap((one) => one.workflowId.split(`${workflowId}/`)[1] ?? [])
        .filter((step) => step !== 'a');
      await hex.cancel(workflowId).catch(() => undefined);
      await hex.result(workflowId).catch(() => undefined);
      return [...new Set(asked)];
    };
    const stepsOf = ({ connection }: { connection: string }) => {
      const step = (id: string, more: object = {}) => ({ id, projectId: id, connection, ...FAST, ...more });
      return [step('a', { dependsOn: [] }), step('b', { dependsOn: 'a' })];
    };
    /** On a busy machine the limiter may not be that quick at once. */
    const untilQuick = (rig: Awaited<ReturnType<typeof quick>>) =>
      until('it is asked for', async () => {
        const asked = await askedEarly(rig, { steps: stepsOf(rig) });
        return asked.includes('b');
      });

    it('where the step then surely begins', async () => {
      const rig = await quick();
      const [a, b] = stepsOf(rig);
      const others = [
        { ...b, id: 'either', when: "{{ steps.a.status == 'COMPLETED' }}" },
        { ...b, id: 'of-both', dependsOn: ['a', 'b'] },
        { ...b, id: 'after-failure', triggerRule: 'all_failed' },
      ];
      await until('it is asked for', async () => {
        const asked = await askedEarly(rig, { steps: [a, b, ...others] });
        if (asked.length > 0) expect(asked).toEqual(['b']);
        return asked.length > 0;
      });
      expect(await askedEarly(rig, { steps: [a, b, ...others], maxParallel: 2 })).toEqual([]);
    });

    it('but not once its pipeline begins no more', async () => {
      const rig = await quick();
      await untilQuick(rig);
      const pause = (workflowId: string) => control(rig, workflowId, 'pause', { by: 'ada' });
      expect(await askedEarly(rig, { steps: stepsOf(rig) }, pause)).toEqual([]);
      await untilQuick(rig);
      const skip = (workflowId: string) =>
        control(rig, workflowId, 'skipStep', { step: 'b', by: 'ada', reason: 'a test' });
      expect(await askedEarly(rig, { steps: stepsOf(rig) }, skip)).toEqual([]);
      await untilQuick(rig);
      const fails = { ...stepsOf(rig)[0], id: 'fails', projectId: 'fails' };
      const failed = (workflowId: string) => stepIn(rig, workflowId, 'fails', 'failed');
      expect(await askedEarly(rig, { steps: [...stepsOf(rig), fails] }, failed)).not.toContain('b');
    });
  });

  it('is told where it is looked for also when the limiter continues as new with it', async () => {
    const { limiter } = await quick();
    const executionOf = async () => (await limiter.describe()).runId;
    const first = await executionOf();
    const tell = (...events: LimiterEvent[]) => limiter.signal('limiterEvents', events);
    // It continues as new after 1,000 events.
    for (let batch = 0; batch < 15; batch++) await Promise.all(Array.from({ length: 50 }, () => tell()));
    // Each task is one in which somebody asks.
    for (let before: LimiterEvent[] = []; (await executionOf()) === first; ) {
      const word = randomUUID().slice(0, 8);
      const requestId = `asked-${word}`;
      const asks = {
        type: 'acquire',
        requestId,
        workflowId: requestId,
        projectId: word,
        priority: 0,
      } as const;
      await tell(...before, { ...asks, answer: word });
      await until('it is told', async () => {
        const { hexAnswers = {} } = (await limiter.describe()).memo as { hexAnswers?: object };
        return word in hexAnswers;
      });
      before = [{ type: 'released', requestId }];
    }
  });

  it('survives the limiter', async () => {
    const { connection, hex, limiter, limiters, stands, askAtOnce } = await quick();
    await askAtOnce();
    await expect.poll(stands).toMatchObject({ held: 1 });
    await limiter.terminate('a test');
    await limiters.revive([connection]);
    // Were it not known, it would be given once more, to nobody, and taken back.
    await (await hex.startRun({ projectId: 'another', connection, ...FAST })).result();
    expect(await stands()).toMatchObject({ held: 1 });
  });

  it('that was asked for ahead is free again where the run never comes', async () => {
    const { connection, hex, limiter, askAhead } = await quick({ KERNELS: '1' });
    await limiter.signal('limiterEvents', [{ type: 'settings', patch: { triggerLeaseMs: 2_000 } }]);
    await askAhead(`never-${connection}`);
    expect(await (await hex.startRun({ projectId: 'sales', connection, ...FAST })).result()).toMatchObject({
      success: true,
    });
  });

  it('that another worker asked for ahead is taken back when the run asks by itself', async () => {
    const { connection, hex, askAhead, stands } = await quick({ KERNELS: '1', STARTS_PER_HOUR: '500' });
    const { lastHour } = await stands();
    const workflowId = `later-${connection}`;
    await askAhead(workflowId);
    const begunAt = Date.now();
    const run = await hex.startRun({ projectId: 'sales', connection, ...FAST }, { workflowId });
    expect(await run.result()).toMatchObject({ success: true });
    // Its lease would be over 10 s later.
    expect(Date.now() - begunAt).toBeLessThan(8_000);
    await expect.poll(stands).toEqual({ held: 0, lastHour: lastHour + 1 });
  });
});

describe('the trigger window of a project', () => {
  it('two of our own lost triggers do not make each other ambiguous', async () => {
    const { connection, hex, sandbox } = await limited(NONE, { duration: 400 });
    sandbox.script([{ match: { operation: 'runProject' }, times: 4, drop: 'after' }]);
    const handles = await Promise.all(
      [1, 2, 3, 4].map((n) => hex.startRun({ projectId: 'sales', connection, inputParams: { n }, ...FAST })),
    );
    const results = await Promise.all(handles.map((handle) => handle.result()));
    const { runs } = sandbox.ledger();
    expect(runs).toHaveLength(4);
    expect(new Set(results.map(({ runId }) => runId)).size).toBe(4);
    for (const [index, { runId }] of results.entries())
      expect(runs.find((run) => run.runId === runId)?.inputParams).toEqual({ n: index + 1 });
  });

  it('is given back by a run that was cancelled while its trigger was lost, though no run came of it', async () => {
    const { connection, hex, sandbox } = await limited(NONE, { duration: 100 });
    sandbox.script([{ match: { operation: 'runProject' }, drop: 'before' }]);
    const lost = await hex.startRun({ projectId: 'sales', connection, ...FAST, lateStartGrace: '1s' });
    await sandbox.waitFor(({ requests }) => requests.some(({ path }) => /\/runs\?/.test(path)));
    await lost.cancel();
    await lost.result().catch(() => undefined);
    // Without it, the next would wait until the lease is over: two minutes.
    const next = await hex.startRun({ projectId: 'sales', connection, ...FAST });
    expect(await next.result()).toMatchObject({ success: true });
    expect(sandbox.ledger().runs).toHaveLength(1);
  });

  it('is given back by a run that could not tell its Hex run among several', async () => {
    const { connection, hex, sandbox } = await limited(NONE, { duration: 100 });
    sandbox.script([{ match: { operation: 'runProject' }, skip: 1, drop: 'after' }]);
    const stranger = await fetch(`${sandbox.apiUrl}/projects/sales/runs`, {
      method: 'POST',
      headers: { authorization: 'Bearer somebody-else' },
    });
    expect(stranger.status).toBe(201);
    const ambiguous = await hex.startRun({ projectId: 'sales', connection, ...FAST });
    await expect(ambiguous.result()).rejects.toThrow();
    const next = await hex.startRun({ projectId: 'sales', connection, ...FAST });
    expect(await next.result()).toMatchObject({ success: true });
    expect(sandbox.ledger().runs).toHaveLength(3);
  });

  it('is not held for the whole run: the next starts while the first runs', async () => {
    const rig = await limited(NONE, { duration: '1h' });
    const { connection, hex, sandbox } = rig;
    const handles = await Promise.all(
      [1, 2].map(() => hex.startRun({ projectId: 'sales', connection, ...FAST })),
    );
    await sandbox.waitFor(({ runs }) => runs.length === 2);
    expect(alive(rig)).toBe(2);
    await Promise.all(handles.map((handle) => handle.cancel()));
    await Promise.allSettled(handles.map((handle) => handle.result()));
  });
});

it('exclusive keeps two runs of one project apart, across pipelines', async () => {
  const rig = await limited(NONE, { duration: 400 });
  const { connection, hex } = rig;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, alive(rig));
  }, 10);
  const step = { projectId: 'sales', connection, exclusive: true, ...FAST };
  const handles = await Promise.all([1, 2, 3].map(() => hex.startPipeline([step])));
  await Promise.all(handles.map((handle) => handle.result()));
  clearInterval(watch);
  expect(most).toBe(1);
});

it('switched off, nobody is asked', async () => {
  const { connection, hex, limiter } = await limited({ LIMITS: 'off' });
  expect(await (await hex.startRun({ projectId: 'sales', connection, ...FAST })).result()).toMatchObject({
    success: true,
  });
  await expect(limiter.describe()).rejects.toThrow(/not found/i);
});

it('a limiter that does not answer holds a run back, and lets it go once it is there again', async () => {
  const rig = await limited(NONE, {}, false);
  const { connection, hex, sandbox, temporal } = rig;
  // No worker polls its task queue: it is there and takes no notice.
  const taskQueue = `asleep-${randomUUID()}`;
  await temporal.workflow.start<typeof hexLimiter>('hexLimiter', {
    workflowId: rig.limiter.workflowId,
    taskQueue,
    args: [{ connection }],
  });
  await rig.work();
  const run = await hex.startRun({ projectId: 'sales', connection, ...FAST });
  await until('it waits for its permit', async () =>
    (await waitsFor(rig, run.workflowId))?.includes('permit'),
  );
  expect(sandbox.ledger().runs).toHaveLength(0);
  await rig.work({ taskQueue });
  expect(await run.result()).toMatchObject({ success: true });
  expect(sandbox.ledger().runs).toHaveLength(1);
});

it('the permit of a trigger that was lost is not used by another, and one run takes one place', async () => {
  const { connection, hex, sandbox } = await limited({ ...NONE, KERNELS: '1' }, { duration: 300 });
  sandbox.script([{ match: { operation: 'runProject' }, drop: 'before' }]);
  const lost = await hex.startRun({ projectId: 'lost', connection, ...FAST });
  await sandbox.waitFor(({ requests }) => requests.some(({ path }) => /\/runs\?/.test(path)));
  const next = await hex.startRun({ projectId: 'next', connection, ...FAST });
  const [one] = await Promise.all([lost.result(), next.result()]);
  expect(one).toMatchObject({ success: true });
  expect(sandbox.ledger().runs.map(({ projectId }) => projectId)).toEqual(['lost', 'next']);
});
