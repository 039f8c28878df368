import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { InvalidInputError } from '../../src/client.js';
import type { PipelineDefinition } from '../../src/index.js';
import { cli } from '../support/cli.js';
import { FAST, failureOf, type Harness, harness, sharedHarness, workflowBundle } from '../support/harness.js';
import { replay } from '../support/pipelines.js';
import { replayErrors } from '../support/replay.js';
import { temporal } from '../support/server.js';

const rigWith = sharedHarness();
let rig: Harness;
beforeEach(() => {
  rig = rigWith();
});

/** Starts a `hexRun` as any client in any language may, and waits for its end. */
async function run(rig: Harness, input: object, workflowId: string = randomUUID()): Promise<unknown> {
  const { temporal: client, taskQueue } = rig;
  return client.workflow.execute('hexRun', { taskQueue, workflowId, args: [{ ...FAST, ...input }] });
}

const inputsIn = ({ sandbox }: Harness) => sandbox.ledger().runs.map(({ inputParams }) => inputParams);

describe('a run of its own fills in run.*', () => {
  it('of a Temporal Schedule: the scheduled time and its date in the timezone of the input', async () => {
    const schedule = await rig.temporal.schedule.create({
      scheduleId: `late-${rig.taskQueue}`,
      spec: { calendars: [{ hour: 22, minute: 30 }], timezone: 'America/Los_Angeles' },
      state: { paused: true },
      action: {
        type: 'startWorkflow',
        workflowType: 'hexRun',
        taskQueue: rig.taskQueue,
        args: [
          {
            projectId: 'sales',
            timezone: 'America/Los_Angeles',
            inputParams: {
              date: '{{ run.date }}',
              before: "{{ run.date | date_add: '-1d' }}",
              at: '{{ run.scheduledTime }}',
              folder: 'in/{{ run.scheduledTime | date: "%Y/%m/%d", run.timezone }}',
            },
            ...FAST,
          },
        ],
      },
    });
    onTestFinished(() => schedule.delete());
    await schedule.backfill({
      start: new Date('2026-02-28T12:00:00Z'),
      end: new Date('2026-03-01T12:00:00Z'),
      overlap: 'ALLOW_ALL',
    });
    const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
    expect(runs[0]?.inputParams).toEqual({
      date: '2026-02-28',
      before: '2026-02-27',
      at: '2026-03-01T06:30:00.000Z',
      folder: 'in/2026/02/28',
    });
    // Its last read is not to arrive in a test that says that nothing is sent.
    const { info } = await schedule.describe();
    const [started] = info.recentActions.map(({ action }) => action.workflow);
    await rig.temporal.workflow.getHandle(started?.workflowId ?? '').result();
  });

  it('in any text, and replays', async () => {
    const workflowId = randomUUID();
    const input = {
      projectId: '{{ "sales" | upcase }}',
      inputParams: {
        id: '{{ run.workflowId }}',
        list: ['{{ run.timezone }}', 3, null],
        nested: { five: '{{ 5 }}' },
      },
    };
    expect(await run(rig, input, workflowId)).toMatchObject({ projectId: 'SALES' });
    expect(inputsIn(rig)).toEqual([{ id: workflowId, list: ['UTC', 3, null], nested: { five: 5 } }]);
    await replay(rig, workflowId);
  });

  it('from temporal-hex run, the client and the temporal command alike', async () => {
    const tomorrow = "{{ run.startTime | date: '%F' }}/{{ run.timezone }}";
    const zoned = ['--timezone', 'Asia/Tokyo', '--wait'];
    const said = await cli(['run', 'sales', '-p', `d=${tomorrow}`, ...zoned], rig.env);
    expect(said.code, said.stderr).toBe(0);
    const input = { projectId: 'sales', timezone: 'Asia/Tokyo', inputParams: { d: tomorrow }, ...FAST };
    await (await rig.hex.startRun(input)).result();
    const where = ['--task-queue', rig.taskQueue, '--workflow-id', rig.taskQueue];
    await temporal('workflow', 'execute', '--type', 'hexRun', ...where, '--input', JSON.stringify(input));
    const today = new Date().toISOString().slice(0, 10);
    const all = inputsIn(rig) as { d: string }[];
    expect(all).toHaveLength(3);
    for (const { d } of all)
      expect([today, new Date(Date.now() - 60_000).toISOString().slice(0, 10)]).toContain(d.slice(0, 10));
    for (const { d } of all) expect(d).toMatch(/\/Asia\/Tokyo$/);
  });
});

it('{% raw %} sends braces as they are', async () => {
  await run(rig, { projectId: 'sales', inputParams: { d: '{% raw %}{{ run.date }} {% if %}{% endraw %}' } });
  expect(inputsIn(rig)).toEqual([{ d: '{{ run.date }} {% if %}' }]);
});

const UNKNOWN: [string, object, RegExp][] = [
  [
    'a parameter of pipelines',
    { inputParams: { d: '{{ params.date }}' } },
    /^inputParams\.d: "params\.date" cannot be used/m,
  ],
  [
    'a result of a step',
    { inputParams: { d: ['{{ steps.a.runId }}'] } },
    /^inputParams\.d\[0\]: "steps\.a\.runId" cannot/m,
  ],
  ['an item', { viewId: '{{ item }}' }, /^viewId: "item" cannot be used/m],
  [
    'the name of a pipeline',
    { inputParams: { d: '{{ run.pipeline }}' } },
    /^inputParams\.d: "run\.pipeline" cannot/m,
  ],
  [
    'a misspelt field',
    { inputParams: { d: '{{ run.dat }}' } },
    /^inputParams\.d: "run\.dat" is not known: "run" has sched/m,
  ],
  ["another tool's variable", { inputParams: { d: '{{ ds }}' } }, /^inputParams\.d: "ds" is not known/m],
  [
    'a name that is a template',
    { inputParams: { d: [{ '{{ run.date }}': 1 }] } },
    /^inputParams\.d\[0\].*: a template cannot be a name/m,
  ],
  ['an open template', { inputParams: { d: '{{ run.date' } }, /^inputParams\.d: .*not closed/m],
  [
    'a tag that is not there',
    { inputParams: { d: '{% for x in y %}{% endfor %}' } },
    /^inputParams\.d: tag "for" not found/m,
  ],
  [
    'a zone that is a template',
    { timezone: '{{ run.timezone }}', inputParams: { d: '{{ run.date }}' } },
    /^timezone: .* is not a time zone/m,
  ],
  ['a zone that is none', { timezone: 'Mars' }, /^timezone: "Mars" is not a time zone/m],
  ['a duration of a date', { timeout: '{{ run.date }}' }, /^timeout: "2\d\d\d-\d\d-\d\d" is not a duration/m],
];

describe('a template that a run of its own cannot fill in is refused before anything is sent', () => {
  it.each(UNKNOWN)('%s', async (_what, input, words) => {
    const given = { projectId: 'sales', ...input };
    const failure = await failureOf(run(rig, given));
    expect(failure).toMatchObject({ type: 'InvalidInput' });
    expect(failure.message).toMatch(words);
    await expect(async () => rig.hex.startRun(given)).rejects.toThrow(InvalidInputError);
    await expect(async () => rig.hex.startRun(given)).rejects.toThrow(words);
    expect(rig.sandbox.ledger().requests).toEqual([]);
  });

  it('with every problem and the way out, exit code 2 and nothing started', async () => {
    const { env, temporal: client, taskQueue } = await harness({ worker: false });
    const wrong = [
      '-p',
      'd={{ params.date }}',
      '-p',
      'e={{ run.dat }}',
      '--timeout',
      'soon',
      '--timezone',
      'Mars',
    ];
    const { code, stdout, stderr } = await cli(['run', 'sales', ...wrong], env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const path of ['inputParams.d', 'inputParams.e', 'timeout', 'timezone'])
      expect(stderr).toContain(`${path}: `);
    expect(stderr).toContain('give hexPipeline one step');
    expect(stderr).toContain('{% raw %}');
    expect((await client.workflow.count(`TaskQueue = "${taskQueue}"`)).count).toBe(0);
  });
});

it('values with braces that a pipeline has filled in reach Hex as they are', async () => {
  const inputParams = { note: '{{ params.note }}' };
  const note = 'cost: {{ run.date }} {% raw %} {{ params.x }}';
  const pipeline: PipelineDefinition = {
    params: { note: { type: 'string' } },
    steps: [
      { id: 'hex', projectId: 'sales', inputParams, ...FAST },
      { id: 'workflow', workflow: { type: 'hexRun', input: { projectId: 'sales', inputParams } } },
    ],
  };
  const handle = await rig.hex.startPipeline({ pipeline, params: { note } });
  await handle.result();
  expect(inputsIn(rig)).toEqual([{ note }, { note }]);
});

it('a run without templates has no marker in its history', async () => {
  const workflowId = randomUUID();
  await run(rig, { projectId: 'sales', inputParams: { d: '} }} %} {' } }, workflowId);
  const { events } = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
  const markers = events?.map((event) => event.markerRecordedEventAttributes?.markerName);
  expect(markers).not.toContain('core_patch');
  expect(inputsIn(rig)).toEqual([{ d: '} }} %} {' }]);
});

it('a run that began before templates were filled in goes on with its text', async () => {
  const file = new URL('../histories/hex-run-completed.json', import.meta.url);
  const history = JSON.parse(readFileSync(file, 'utf8'));
  const payload = history.events[0].workflowExecutionStartedEventAttributes.input.payloads[0];
  const input = JSON.parse(Buffer.from(payload.data, 'base64').toString());
  const histories = ['{{ run.date }}', '{{ params.date }}', '{{'].map((d) => {
    payload.data = Buffer.from(JSON.stringify({ ...input, inputParams: { d } })).toString('base64');
    return { workflowId: 'hex-run-completed', history: structuredClone(history) };
  });
  expect(await replayErrors({ workflowBundle }, histories)).toEqual([undefined, undefined, undefined]);
});
