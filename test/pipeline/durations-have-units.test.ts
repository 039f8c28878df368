import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rerunPipeline } from '../../src/client/rerun/index.js';
import { parseDefinition, parseJanitorInput, parseRunInput } from '../../src/pipeline/boundary.js';
import { cli, emptyFolder } from '../support/cli.js';
import { FAST, failureOf, type Harness, harness } from '../support/harness.js';
import { theirWorker } from '../support/pipelines.js';
import { planRaw } from '../support/plan.js';

const BOTH = /3600 has no unit: write "3600s" for seconds \(1h 00m\) or "3600ms" for milliseconds \(3\.6s\)/;

const hexStep = (more: object) => ({ steps: [{ projectId: 'sales', ...more }] });
const run = (field: string, at: (value: unknown) => object): [string, (value: unknown) => unknown][] => [
  [`hexRun ${field}`, (value) => parseRunInput({ projectId: 'sales', ...at(value) })],
  [`steps[0].${field}`, (value) => parseDefinition(hexStep(at(value)))],
];

/** Every place where a length of time can be written. */
const PLACES: [string, (value: unknown) => unknown][] = [
  ...[
    'timeout',
    'queueTimeout',
    'triggerRetryDelay',
    'lateStartGrace',
    'requestTimeout',
    'cleanupTimeout',
  ].flatMap((field) => run(field, (value) => ({ [field]: value }))),
  ...['min', 'max', 'first'].flatMap((field) =>
    run(`poll.${field}`, (value) => ({ poll: { max: '2h', [field]: value } })),
  ),
  ['skipIfFresh', (value) => parseDefinition(hexStep({ skipIfFresh: value }))],
  ['decisionWithin', (value) => parseDefinition(hexStep({ decisionWithin: value }))],
  ['retry.delay', (value) => parseDefinition(hexStep({ retry: { maxAttempts: 2, delay: value } }))],
  ['retry.maxDelay', (value) => parseDefinition(hexStep({ retry: { maxAttempts: 2, maxDelay: value } }))],
  [
    'timeout of a workflow',
    (value) => parseDefinition({ steps: [{ workflow: { type: 'w' }, timeout: value }] }),
  ],
  ['timeout of a sub-pipeline', (value) => parseDefinition({ steps: [{ pipeline: 'p', timeout: value }] })],
  [
    'inside of a sub-pipeline',
    (value) => parseDefinition({ steps: [{ pipeline: hexStep({ timeout: value }) }] }),
  ],
  ['within', (value) => parseDefinition({ steps: [{ approval: { prompt: 'ok?', within: value } }] })],
  ['timeout of the pipeline', (value) => parseDefinition({ ...hexStep({}), timeout: value })],
  ['deadline', (value) => parseDefinition({ ...hexStep({}), deadline: value })],
  ['roundInterval', (value) => parseJanitorInput({ roundInterval: value })],
  ['lookback', (value) => parseJanitorInput({ lookback: value })],
];

describe('a number without a unit is refused with both readings', () => {
  it.each(PLACES)('%s', (_place, read) => {
    for (const value of [3_600, 1, 59_999, 0.5, '3600', ' 3600 '])
      expect(read(value)).toMatchObject({
        ok: false,
        problems: [{ message: expect.stringMatching(/has no unit: write/) }],
      });
    expect(read(3_600)).toMatchObject({ problems: [{ message: expect.stringMatching(BOTH) }] });
    for (const value of ['3600s', '1h', '3600ms', 60_000]) expect(read(value)).toMatchObject({ ok: true });
  });

  it('0 is the same in both, and stays where it is of use', () => {
    const zero = { poll: { first: 0 }, lateStartGrace: 0, retry: { maxAttempts: 2, delay: 0 } };
    expect(parseDefinition(hexStep(zero))).toMatchObject({ ok: true });
  });
});

describe('at every door, before anything is sent to Hex', () => {
  let rig: Harness;
  beforeAll(async () => {
    rig = await harness({ atEnd: afterAll });
  });

  const start = (type: string, input: object) =>
    rig.temporal.workflow.execute(type, {
      taskQueue: rig.taskQueue,
      workflowId: randomUUID(),
      args: [input],
    });

  it.each([
    ['hexRun', { projectId: 'sales', timeout: 3_600 }, 'timeout'],
    ['hexPipeline', hexStep({ timeout: 3_600 }), 'steps[0].timeout'],
    [
      'hexPipeline',
      {
        pipeline: { params: { t: { type: 'integer' } }, ...hexStep({ timeout: '{{ params.t }}' }) },
        params: { t: 3_600 },
      },
      'steps.sales.timeout',
    ],
    ['hexJanitor', { lookback: 3_600 }, 'lookback'],
  ])('the workflow %s, as %s', async (type, input, path) => {
    const failure = await failureOf(start(type, input));
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(BOTH) });
    expect(failure.message).toContain(`\n${path}: `);
    expect(rig.sandbox.ledger().requests).toEqual([]);
  });

  it('a step whose limit an earlier step gives', async () => {
    const taskQueue = await theirWorker();
    const pipeline = {
      steps: [
        { id: 'count', workflow: { type: 'rowCount', taskQueue, args: ['abc', 1_200] } },
        { id: 'sales', projectId: 'sales', timeout: '{{ steps.count.output.rows }}' },
      ],
    };
    const failure = await failureOf(start('hexPipeline', pipeline));
    expect(failure.message).toMatch(BOTH);
    expect(rig.sandbox.ledger().runs).toEqual([]);
  });

  it('the client and the command', async () => {
    await expect(async () => rig.hex.startRun({ projectId: 'sales', timeout: 3_600 })).rejects.toThrow(BOTH);
    await expect(async () => rig.hex.startPipeline(hexStep({ timeout: 3_600 }) as never)).rejects.toThrow(
      BOTH,
    );
    const folder = emptyFolder();
    writeFileSync(join(folder, 'slow.yaml'), 'steps: [{ projectId: sales, timeout: 3600 }]\n');
    for (const args of [
      ['plan', 'slow.yaml'],
      ['pipeline', 'slow.yaml'],
      ['run', 'sales', '--timeout', '3600'],
    ]) {
      const { code, stdout, stderr } = await cli(args, rig.env, folder);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/timeout: "?3600"? has no unit: write "3600s" for seconds \(1h 00m\)/);
    }
    expect(rig.sandbox.ledger().requests).toEqual([]);
  });
});

// That recorded histories with such numbers replay is in replay-keeps-working: all of them have `poll: { min: 20 }`.
describe('a pipeline that began before units were demanded', () => {
  const old = { ...FAST, poll: { min: 20, max: 200, first: 20 }, timeout: 5_000 };
  const pipeline = {
    params: { t: { type: 'integer', default: 5_000 } },
    steps: [
      { id: 'a', projectId: 'a', ...old },
      { id: 'in', pipeline: hexStep({ ...old, timeout: 5_000 }), dependsOn: 'a' },
      { id: 'b', projectId: 'b', ...old, timeout: '{{ params.t }}', dependsOn: 'in' },
    ],
  };

  it('starts its further steps and sub-pipelines as it would have, and is rerun so', async () => {
    const rig = await harness();
    rig.sandbox.script([{ match: { projectId: 'b' }, endAs: 'ERRORED', times: 1 }]);
    const { taskQueue } = rig;
    const workflowId = randomUUID();
    const options = { taskQueue, workflowId, args: [pipeline], memo: { hexLenient: true } };
    const failure = await failureOf(rig.temporal.workflow.execute('hexPipeline', options));
    expect(failure).toMatchObject({ type: 'HexPipelineFailed', message: expect.stringMatching(/Step "b"/) });
    const { handle } = await rerunPipeline(rig.temporal, workflowId);
    expect(await handle.result()).toMatchObject({ success: true });
    expect(rig.sandbox.ledger().runs.map(({ projectId }) => projectId)).toEqual(['a', 'sales', 'b', 'b']);
  });
});

describe('plan shows every time limit', () => {
  const steps = [
    { id: 'a', projectId: 'a' },
    {
      id: 'b',
      projectId: 'b',
      timeout: '90m',
      queueTimeout: '2h',
      cleanupTimeout: '3h',
      requestTimeout: '10s',
      skipIfFresh: '6h',
    },
    {
      id: 'c',
      forEach: [5, 20],
      projectId: 'c',
      timeout: '{{ item }}m',
      onFailure: 'pause',
      decisionWithin: '4h',
    },
    { id: 'd', workflow: { type: 'w' }, timeout: 86_400_000 },
    { id: 'e', approval: { prompt: 'ok?', within: '30m' } },
    { id: 'f', projectId: 'f', timeout: '{{ steps.d.output }}' },
  ];
  const definition = { timeout: '6h', deadline: '4h', steps };

  it('in milliseconds as JSON', () => {
    const planned = planRaw(definition);
    if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
    const HOUR = 3_600_000;
    const defaults = {
      timeoutMs: HOUR,
      queueTimeoutMs: 24 * HOUR,
      requestTimeoutMs: 30_000,
      cleanupTimeoutMs: 24 * HOUR,
    };
    expect(planned.value.limits).toEqual({ timeoutMs: 6 * HOUR, deadlineMs: 4 * HOUR });
    expect(Object.fromEntries(planned.value.steps.map(({ id, limits }) => [id, limits]))).toEqual({
      a: defaults,
      b: {
        timeoutMs: 1.5 * HOUR,
        queueTimeoutMs: 2 * HOUR,
        requestTimeoutMs: 10_000,
        cleanupTimeoutMs: 3 * HOUR,
        skipIfFreshMs: 6 * HOUR,
      },
      c: { ...defaults, timeoutMs: HOUR / 3, decisionWithinMs: 4 * HOUR },
      d: { timeoutMs: 24 * HOUR },
      e: { withinMs: HOUR / 2 },
      f: { ...defaults, timeoutMs: '{{ steps.d.output }}' },
    });
  });

  it('in words on a terminal', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'p.json'), JSON.stringify(definition));
    const { stdout } = await cli(['plan', 'p.json'], {}, folder);
    for (const line of [
      'the pipeline: at most 6h 00m, deadline after 4h 00m',
      'a: at most 1h 00m, start within 1d 00h, request 30.0s, clean-up 1d 00h',
      'b: at most 1h 30m, start within 2h 00m, request 10.0s, clean-up 3h 00m, skipped if younger than 6h 00m',
      'c: at most 20m 00s, start within 1d 00h, request 30.0s, clean-up 1d 00h, decision within 4h 00m',
      'd: at most 1d 00h',
      'e: answer within 30m 00s',
      'f: at most {{ steps.d.output }}, start within 1d 00h, request 30.0s, clean-up 1d 00h',
    ])
      expect(stdout).toContain(`  ${line}\n`);
  });
});
