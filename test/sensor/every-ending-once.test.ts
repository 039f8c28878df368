import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import { sensorId } from '../../src/contract/ids.js';
import { createHexClient } from '../../src/hex/index.js';
import type { ApplySensorsOptions, SensorInput, SensorProgress } from '../../src/index.js';
import { parsePipelineInput, parseSensorInput } from '../../src/pipeline/boundary.js';
import type { SeededRun } from '../../src/sandbox/index.js';
import { cli, emptyFolder } from '../support/cli.js';
import { type Harness, type HarnessOptions, harness, TOKEN, until } from '../support/harness.js';
import { hex } from '../support/pipelines.js';
import { type Receiver, webhookReceiver } from '../support/webhook.js';

const cleanUps: (() => Promise<void>)[] = [];
const OPTIONS: HarnessOptions = {
  sandbox: { duration: 10 },
  env: {
    ...{ HEX_LIMITS: 'on', HEX_STARTS_PER_MINUTE: 'none', HEX_STARTS_PER_HOUR: 'none', HEX_KERNELS: 'none' },
    ...{ HEX_READS_PER_MINUTE: '99999', HEX_READS_PER_HOUR: 'none' },
  },
};
let rig: Harness;
let made = 0;

let hook: Receiver;

beforeAll(async () => {
  const atEnd = (cleanUp: () => Promise<void>) => cleanUps.push(cleanUp);
  hook = await webhookReceiver(() => 200, atEnd);
  rig = await harness({
    ...OPTIONS,
    env: { ...OPTIONS.env, HEX_NOTIFY_OPS_URL: hook.url, HEX_NOTIFY_ALERTS: 'ops' },
    atEnd,
  });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

// A sensor that is left goes on looking, which takes the CPU of the tests that follow.
afterEach(async () => {
  const query = `TaskQueue = '${rig.taskQueue}' AND WorkflowType = 'hexSensor' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of rig.temporal.workflow.list({ query })) {
    // One that has just ended may still be listed.
    await rig.temporal.workflow
      .getHandle(workflowId)
      .cancel()
      .catch(() => undefined);
  }
});

const nameOf = (what: string) => `${what}-${process.pid}-${made++}`;
const on = (projects: string[], more: object = {}) => ({ projects, every: '150ms', ...more });

/** A workflow that takes any signal: its history has them in their order. */
async function receiver(own = rig): Promise<string> {
  const steps = [{ approval: { prompt: 'waits' } }];
  return (await own.hex.startPipeline({ steps } as never, { workflowId: nameOf('receiver') })).workflowId;
}

async function signalsOf(workflowId: string, own = rig): Promise<unknown[]> {
  const { events } = await own.temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap((event) => {
    const { signalName, input } = event.workflowExecutionSignaledEventAttributes ?? {};
    return signalName === 'ended'
      ? [JSON.parse(Buffer.from(input?.payloads?.[0]?.data ?? []).toString())]
      : [];
  });
}

/** Whether endings came oldest first. */
function expectInOrder(endings: readonly unknown[]): void {
  const ends = endings.map((one) => Date.parse((one as { endTime: string }).endTime));
  expect(ends).toEqual([...ends].sort((a, b) => a - b));
}

/** A sensor that signals a workflow of its own. */
async function signalling(
  projects: string[],
  more: Omit<Partial<SensorInput>, 'on'> & { on?: object } = {},
  own = rig,
) {
  const workflowId = await receiver(own);
  const name = nameOf('sensor');
  const { on: section, ...others } = more;
  await own.hex.sensors.start({
    name,
    on: on(projects, section),
    signal: { workflowId, name: 'ended' },
    ...others,
  } as SensorInput);
  const ids = async () => (await signalsOf(workflowId, own)).map((one) => (one as { runId: string }).runId);
  return { name, workflowId, ids };
}

const where = (name: string, is: (progress: SensorProgress) => boolean, own = rig) =>
  until(`sensor ${name}`, async () => {
    // After a kill, its query waits for the next worker.
    const progress = await own.hex.sensors.describe(name).catch(() => null);
    return progress !== null && is(progress) && progress;
  });
const looked = (name: string, own = rig) =>
  where(name, ({ projects }) => projects.every(({ lookedAt }) => lookedAt !== null), own);
const seed = (runs: SeededRun[], own = rig) => own.sandbox.seed(runs);

describe('every ending once', () => {
  it('thirty between two looks, in the order of their ends, and none from before it began', async () => {
    seed([{ projectId: 'thirty', ago: '1h', duration: '1m' }]);
    const { name, ids } = await signalling(['thirty']);
    await looked(name);
    // Created in one order, and ended in another.
    const runs = seed(
      Array.from({ length: 30 }, (_, n) => ({ projectId: 'thirty', duration: `${300 - n * 10}ms` })),
    );
    await where(name, ({ endings }) => endings === 30);
    expect(await ids()).toEqual(runs.map(({ runId }) => runId).reverse());
  });

  it('over page boundaries, and a run that began before them and ends after them', async () => {
    const { name, workflowId } = await signalling(['pages'], { on: { mode: 'all_since_last' } });
    await looked(name);
    const [long] = seed([{ projectId: 'pages', duration: '1h' }]);
    await where(name, ({ projects }) => projects[0]?.open === 1);
    const many = seed(Array.from({ length: 260 }, () => ({ projectId: 'pages', duration: '1ms' })));
    await where(name, ({ endings }) => endings === 260);
    rig.sandbox.endRun(long?.runId ?? '', 'COMPLETED');
    await where(name, ({ endings }) => endings === 261);
    const batches = (await signalsOf(workflowId)) as { runId: string }[][];
    const found = batches.flat().map(({ runId }) => runId);
    expect(found.at(-1)).toBe(long?.runId);
    expect(new Set(found)).toEqual(new Set([...many.map(({ runId }) => runId), long?.runId]));
    expect(found).toHaveLength(261);
    expectInOrder(batches.flat());
  });

  it('a thousand behind, oldest first, with its lag shown and its history bounded', async () => {
    const runs = seed(
      Array.from({ length: 1_000 }, (_, n) => ({
        projectId: 'behind',
        ago: 3_600_000 - n * 1_000,
        duration: 1,
      })),
    );
    const since = new Date(Date.now() - 7_200_000).toISOString();
    const { name, workflowId } = await signalling(['behind'], { since, on: { mode: 'all_since_last' } });
    const behind = await where(name, ({ status }) => status === 'catching_up');
    expect(behind.projects[0]?.lagMs).toBeGreaterThan(3_000_000);
    await where(name, ({ endings, status }) => endings === 1_000 && status === 'watching');
    const found = ((await signalsOf(workflowId)) as { runId: string }[][]).flat();
    expect(found.map(({ runId }) => runId)).toEqual(runs.map(({ runId }) => runId));
    const { events } = await rig.temporal.workflow.getHandle(sensorId(name)).fetchHistory();
    expect(events?.length).toBeLessThan(3_000);
  });

  it('also when its worker was killed in between, and when it is paused and resumed', async () => {
    const own = await harness({ ...OPTIONS, worker: false });
    const worker = await own.spawnWorker();
    const { name, ids, workflowId } = await signalling(['killed'], {}, own);
    await looked(name, own);
    const first = seed(
      Array.from({ length: 5 }, () => ({ projectId: 'killed', duration: '1ms' })),
      own,
    );
    await where(name, ({ endings }) => endings === 5, own);
    await own.hex.sensors.pause(name, 'ada', 'holiday');
    await where(name, ({ status }) => status === 'paused', own);
    await until('its last look is over', async () => {
      const { raw } = await own.temporal.workflow.getHandle(sensorId(name)).describe();
      return raw.pendingActivities?.length === 0;
    });
    worker.kill('SIGKILL');
    const more = seed(
      Array.from({ length: 5 }, () => ({ projectId: 'killed', duration: '1ms' })),
      own,
    );
    await own.work();
    expect((await ids()).sort()).toEqual(first.map(({ runId }) => runId).sort());
    await own.hex.sensors.resume(name);
    await where(name, ({ endings }) => endings === 10, own);
    expect((await ids()).sort()).toEqual([...first, ...more].map(({ runId }) => runId).sort());
    expectInOrder(await signalsOf(workflowId, own));
  });

  it('starts a pipeline with the facts of the run, of the kind "sensor", under an id of its own', async () => {
    const name = nameOf('after');
    const definition = {
      name,
      params: { run: { type: 'string' }, day: { type: 'date' } },
      on: on(['facts'], {
        params: { run: '{{ ending.runId }}', day: '{{ ending.endTime | date: "%Y-%m-%d" }}' },
      }),
      steps: [hex('facts-after', { inputParams: { run: '{{ params.run }}', day: '{{ params.day }}' } })],
    };
    const [applied] = await rig.hex.sensors.apply([{ file: 'x.yaml', input: definition as never }]);
    expect(applied).toMatchObject({ sensor: name, action: 'create' });
    await looked(name);
    const [good] = seed([
      { projectId: 'facts', duration: '1ms' },
      { projectId: 'facts', duration: '1ms', endAs: 'ERRORED' },
    ]);
    const workflowId = `${name}/sensor/${good?.runId}`;
    await until('the start', async () => {
      const [found] = await rig.hex.list({ pipeline: name });
      return found?.workflowId === workflowId && found.trigger === 'sensor';
    });
    await rig.temporal.workflow.getHandle(workflowId).result();
    const after = rig.sandbox.ledger().runs.filter(({ projectId }) => projectId === 'facts-after');
    expect(after.map(({ inputParams }) => inputParams)).toEqual([
      { run: good?.runId, day: new Date().toISOString().slice(0, 10) },
    ]);
    // The cursor is set back: what was started is not started again.
    await rig.hex.sensors.setSince(name, new Date(Date.now() - 3_600_000));
    await where(name, ({ endings }) => endings === 2);
    expect(rig.sandbox.ledger().runs.filter(({ projectId }) => projectId === 'facts-after')).toHaveLength(1);
    await rig.hex.sensors.delete(name);
  });

  it('one that fails is tried again and shown, and does not hold up the next', async () => {
    const name = nameOf('failing');
    const later = nameOf('later');
    await rig.hex.sensors.start({ name, on: on(['failing']), signal: { workflowId: later, name: 'ended' } });
    await looked(name);
    const runs = seed([
      { projectId: 'failing', duration: '1ms' },
      { projectId: 'failing', duration: '20ms' },
    ]);
    const { failing } = await where(name, (progress) => progress.failing.length === 2);
    expect(failing.map(({ ending }) => ending.runId)).toEqual(runs.map(({ runId }) => runId));
    await rig.hex.startPipeline({ steps: [{ approval: { prompt: 'waits' } }] } as never, {
      workflowId: later,
    });
    await where(name, (progress) => progress.failing.length === 0);
    expect(await signalsOf(later)).toHaveLength(2);
  });

  it('a start that no worker could make in its time is tried again, and does not end the sensor', async () => {
    const own = await harness({ ...OPTIONS, worker: false });
    const client = createHexClient({ name: 'default', baseUrl: own.sandbox.url, token: () => TOKEN });
    const activities = createActivities({ hex: () => client, workflows: own.temporal.workflow });
    let tries = 0;
    const startForEndings: typeof activities.startForEndings = async (request) => {
      if (++tries === 1) throw ApplicationFailure.nonRetryable('out of time');
      return activities.startForEndings(request);
    };
    await own.work({ activities: { ...activities, startForEndings } });
    const name = nameOf('untaken');
    const pipeline = { name, on: on(['untaken']), steps: [{ projectId: 'never', when: false }] };
    await own.hex.sensors.start({ pipeline } as SensorInput);
    await looked(name, own);
    const [run] = seed([{ projectId: 'untaken', duration: '1ms' }], own);
    const { failing } = await where(name, (progress) => progress.failing.length === 1, own);
    expect(failing).toMatchObject([{ message: 'out of time', attempts: 1 }]);
    await where(name, (progress) => progress.failing.length === 0, own);
    await own.temporal.workflow.getHandle(`${name}/sensor/${run?.runId}`).result();
    await own.hex.sensors.delete(name);
  });

  it('starts that fail are told once and not one by one, and succeed when the sensor has been corrected', async () => {
    const name = nameOf('told');
    const steps = [{ projectId: 'never', when: false }];
    const pipeline = (run: string) => ({
      ...{ name, steps, params: { run: { type: 'string' } }, notify: [{ on: ['failure'], to: 'ops' }] },
      on: on(['told'], { params: { run } }),
    });
    await rig.hex.sensors.start({ pipeline: pipeline('{{ endings[1].runId }}') } as never);
    await looked(name);
    const runs = seed(Array.from({ length: 4 }, () => ({ projectId: 'told', duration: '1ms' })));
    await where(name, (progress) => progress.failing.length === 4);
    await rig.hex.sensors.start({ pipeline: pipeline('{{ ending.runId }}') } as never);
    await where(name, (progress) => progress.failing.length === 0);
    const started = await until('all are started', async () => {
      const found = await rig.hex.list({ pipeline: name });
      return found.length === 4 && found.map(({ workflowId }) => workflowId);
    });
    expect(started.sort()).toEqual(runs.map(({ runId }) => `${name}/sensor/${runId}`).sort());
    const told = hook.notifications().filter((one) => one.pipeline === name);
    expect(told).toMatchObject([
      { event: 'sensor_failing', text: expect.stringContaining('is tried again') },
    ]);
    await rig.hex.sensors.delete(name);
  });

  it('of more endings than may fail at once, none is lost: nothing new is looked at until fewer do', async () => {
    const runs = seed(
      Array.from({ length: 700 }, (_, n) => ({ projectId: 'many', ago: 3_600_000 - n * 1_000, duration: 1 })),
    );
    const [name, later] = [nameOf('many'), nameOf('later')];
    const signal = { workflowId: later, name: 'ended' };
    const since = new Date(Date.now() - 7_200_000).toISOString();
    await rig.hex.sensors.start({ name, on: on(['many'], { mode: 'all_since_last' }), signal, since });
    const tried = ({ failing }: SensorProgress) => failing.every(({ attempts }) => attempts > 1);
    const held = await where(name, (progress) => progress.endings >= 300 && tried(progress));
    expect(held.endings).toBeLessThan(500);
    expect(held.projects[0]?.lagMs).toBeGreaterThan(0);
    await rig.hex.startPipeline([{ approval: { prompt: 'waits' } }], { workflowId: later });
    await where(name, ({ endings, failing }) => endings === 700 && failing.length === 0);
    const found = ((await signalsOf(later)) as { runId: string }[][]).flat().map(({ runId }) => runId);
    expect(found.sort()).toEqual(runs.map(({ runId }) => runId).sort());
    expect((await rig.hex.sensors.describe(name)).givenUp).toBe(0);
  });

  it('a project that goes away is told, and looked at again when it is back; the others go on', async () => {
    const { name, ids } = await signalling(['vanishes', 'stays']);
    await looked(name);
    rig.sandbox.script({ match: { projectId: 'vanishes' }, times: 5, status: 404 });
    await where(name, ({ projects }) => projects[0]?.trouble?.includes('404') ?? false);
    const [stays] = seed([{ projectId: 'stays', duration: '1ms' }]);
    await where(name, ({ endings }) => endings === 1);
    expect(await ids()).toEqual([stays?.runId]);
  });
});

it('the command makes sensors of files, shows them, sets their cursor and ends them', async () => {
  const name = nameOf('by-file');
  const cwd = emptyFolder();
  writeFileSync(join(cwd, 'after.json'), JSON.stringify({ name, on: on(['by-file']), steps: [hex('x')] }));
  const params = { day: { type: 'date' } };
  const never = { name, params, on: on(['a'], { params: { day: '{{ ending.runId }}' } }), steps: [hex('x')] };
  writeFileSync(join(cwd, 'never.json'), JSON.stringify(never));
  writeFileSync(join(cwd, 'bad.json'), JSON.stringify({ name, on: { project: 'a' }, steps: [hex('x')] }));
  const sensor = (...args: string[]) => cli(['sensor', ...args], rig.env, cwd);
  // Of one, each start would be refused.
  const refused = await sensor('apply', 'bad.json', 'never.json');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('bad.json: on.projects: ');
  expect(refused.stderr).toContain('never.json: on.params.day: ');
  expect(await sensor('apply', 'after.json')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^create {5}by-/),
  });
  expect(await sensor('apply', 'after.json', '--since', '2h')).toMatchObject({
    stdout: expect.stringMatching(/^update .*after\.json\n {2}\+ since: "20/),
  });
  await where(name, ({ projects }) => Date.parse(projects[0]?.since ?? '') < Date.now() - 7_000_000);
  expect((await sensor('list')).stdout).toMatch(new RegExp(`${name} +watching +by-file .* after\\.json`));
  expect((await sensor('since', name, '2026-01-31T00:00:00Z')).code).toBe(0);
  const { stdout } = await sensor('describe', name, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ name, projects: [{ since: '2026-01-31T00:00:00.000Z' }] });
  expect((await sensor('pause', name, '--by', 'ada', '--reason', 'holiday')).code).toBe(0);
  const paused = await where(name, ({ status, projects }) => status === 'paused' && projects[0]?.lagMs !== 0);
  expect(paused.paused).toEqual({ by: 'ada', reason: 'holiday' });
  expect((await sensor('delete', name)).code).toBe(0);
  await expect(rig.temporal.workflow.getHandle(sensorId(name)).result()).rejects.toThrow();
  await expect(rig.hex.sensors.describe(name)).rejects.toThrow(`${name}: no such sensor runs`);
  await expect(rig.hex.sensors.setSince(name, new Date('2099-01-01'))).rejects.toThrow('since: must not lie');
  await expect(rig.hex.sensors.pause(name)).rejects.toThrow(`${name}: no such sensor runs`);
});

it('an apply says what it would change, changes nothing a second time, and prunes only what its folders made', async () => {
  const [name, gone, byHand] = [nameOf('applied'), nameOf('gone'), nameOf('by-hand')];
  const definition = (of: string, every = '10m') =>
    ({ name: of, on: { projects: 'applied', every }, steps: [{ projectId: 'never', when: false }] }) as never;
  const apply = async (files: Record<string, unknown>, options: ApplySensorsOptions = {}) => {
    const sources = Object.entries(files).map(([file, input]) => ({ file, input: input as never }));
    const rows = await rig.hex.sensors.apply(sources, options);
    return rows.map(({ sensor, action, changes }) => [sensor, action, ...changes]);
  };
  const [one, two] = [nameOf('one'), nameOf('two')];
  const prune = [one];
  await rig.hex.sensors.start({ pipeline: definition(byHand) });
  expect(await apply({ [`${one}/a.yaml`]: definition(name) }, { dryRun: true })).toEqual([[name, 'create']]);
  const first = { [`${one}/a.yaml`]: definition(name), [`${one}/gone.yaml`]: definition(gone) };
  expect((await apply(first)).map(([, action]) => action)).toEqual(['create', 'create']);
  expect((await apply(first, { prune })).map(([, action]) => action)).toEqual(['unchanged', 'unchanged']);
  // It moves to another folder, which has it wait longer.
  const moved = { [`${two}/a.yaml`]: definition(name, '20m') };
  const [update] = await apply(moved, { dryRun: true });
  expect(update).toEqual([
    ...[name, 'update', `- file: "${one}/a.yaml"`, `+ file: "${two}/a.yaml"`],
    ...[expect.stringMatching(/^- sha256: /), expect.stringMatching(/^\+ sha256: /)],
    ...['- input.pipeline.on.every: "10m"', '+ input.pipeline.on.every: "20m"'],
  ]);
  expect(await apply(moved)).toEqual([update]);
  await until('it is noted', async () => (await apply(moved))[0]?.[1] === 'unchanged');
  // What it was made from is known beyond the end of a history, too.
  const handle = rig.temporal.workflow.getHandle(sensorId(name));
  const { runId } = await handle.describe();
  for (const by of ['a', 'b', 'c']) {
    await handle.signal('resume', { by: by.repeat(1_500_000) });
    // It has handled it when it answers: together they are more than one message may hold.
    await rig.hex.sensors.describe(name);
  }
  await handle.signal('setSince', { since: new Date().toISOString() });
  await until('it has continued as new', async () => (await handle.describe()).runId !== runId);
  expect(await apply(moved)).toEqual([[name, 'unchanged']]);
  await until('both are listed', async () => {
    const listed = await rig.hex.sensors.list();
    const isThere = (of: string, from: string | null) =>
      listed.some(({ sensor, file }) => sensor === of && file === from);
    return isThere(gone, `${one}/gone.yaml`) && isThere(byHand, null);
  });
  expect(await apply({}, { prune, dryRun: true })).toEqual([[gone, 'delete']]);
  expect(await apply({}, { prune })).toEqual([[gone, 'delete']]);
  await expect(rig.temporal.workflow.getHandle(sensorId(gone)).result()).rejects.toThrow();
  for (const each of [name, byHand]) await rig.hex.sensors.delete(each);
});

it.each<[unknown, string]>([
  [{}, 'it has neither'],
  [{ pipeline: { steps: [{ projectId: 'a' }] } }, 'pipeline.on: is required'],
  [{ pipeline: 'by-name' }, 'on: is required with a pipeline that is given by its name'],
  [{ pipeline: { on: { projects: 'a' }, steps: [{ projectId: 'a' }] } }, 'pipeline.name: is required'],
  [{ signal: { workflowId: 'w', name: 's' }, on: { projects: ['a'] } }, 'name: is required'],
  [{ pipeline: 'x', on: { projects: [] } }, 'on.projects: must be'],
  [
    { pipeline: 'x', on: { projects: ['a'], params: { a: '{{ ending.nope }}' } } },
    'on.params.a: "ending.nope" is not known',
  ],
  [{ pipeline: 'x', on: { projects: ['a'] }, since: 'yesterday' }, 'since: must be an ISO 8601 time'],
])('the input %j is refused: %s', (input, problem) => {
  const parsed = parseSensorInput(input);
  const text = parsed.ok ? '' : parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
  expect(text).toContain(problem);
});

it.each<[object, string]>([
  [{ on: 'a' }, 'on: must be an object'],
  [{ on: { projects: 'a', statuses: 'failed' } }, 'on.statuses: unknown field'],
  [{ on: { projects: 'a', params: { x: 1 } } }, 'on.params.x: the pipeline has no such parameter'],
  [{ on: { projects: 'a' }, params: { x: { type: 'string' } } }, 'on.params.x: is required by the pipeline'],
])('a pipeline with %j is refused: %s', (header, problem) => {
  const parsed = parsePipelineInput({ ...header, steps: [{ projectId: 'a' }] });
  const text = parsed.ok ? '' : parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
  expect(text).toContain(problem);
});
