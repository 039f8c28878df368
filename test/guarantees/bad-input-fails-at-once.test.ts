import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failureOf, type Harness, harness } from '../support/harness.js';

let rig: Harness;

beforeAll(async () => {
  rig = await harness({ atEnd: afterAll });
});

const BAD_RUNS: [string, unknown, RegExp][] = [
  ['nothing', undefined, /one JSON object/],
  ['null', null, /one JSON object/],
  ['a number', 5, /one JSON object/],
  ['a text', 'sales', /one JSON object/],
  ['a list', [{ projectId: 'sales' }], /one JSON object/],
  ['an empty object', {}, /projectId: is required/],
  ['a path in the project id', { projectId: '../users/me' }, /projectId: must be the id/],
  ['an empty project id', { projectId: '' }, /projectId: must be the id/],
  ['a numeric project id', { projectId: 7 }, /projectId: is required/],
  [
    'an unknown field',
    { projectId: 'a', projectID: 'a' },
    /projectID: unknown field; did you mean "projectId"\?/,
  ],
  ['null inputs', { projectId: 'a', inputParams: null }, /inputParams: must be an object/],
  ['a list of inputs', { projectId: 'a', inputParams: ['x'] }, /inputParams: must be an object/],
  ['inputs and a view', { projectId: 'a', inputParams: { x: 1 }, viewId: 'v' }, /not both/],
  [
    'inputs and updateCache',
    { projectId: 'a', inputParams: { x: 1 }, updateCache: true },
    /ignore the inputs/,
  ],
  ['a view and updateCache', { projectId: 'a', viewId: 'v', updateCache: true }, /ignore the inputs/],
  ['a duration without a unit', { projectId: 'a', timeout: '10' }, /timeout: "10" has no unit: write "10s"/],
  ['a negative duration', { projectId: 'a', timeout: -1 }, /timeout: -1 is not a duration/],
  ['a time limit of nothing', { projectId: 'a', timeout: 0 }, /timeout: "0" is out of range/],
  ['polls the wrong way round', { projectId: 'a', poll: { min: '1m', max: '1s' } }, /poll: min/],
  ['a URL as the connection', { projectId: 'a', connection: 'https://evil.example' }, /URL is not accepted/],
  ['a connection that is not there', { projectId: 'a', connection: 'nowhere' }, /no connection "nowhere"/],
  [
    'an unknown kind of notification',
    { projectId: 'a', notifications: [{ type: 'MAYBE' }] },
    /notifications\[0\]\.type/,
  ],
  ['text for a switch', { projectId: 'a', dryRun: 'yes' }, /dryRun/],
];

const BAD_PIPELINES: [string, unknown, RegExp][] = [
  ['nothing', undefined, /pipeline|steps|object/i],
  ['no steps', { steps: [] }, /steps/],
  ['an empty list', [], /step/],
  ['a step without a project', { steps: [{ id: 'a' }] }, /steps\[0\]/],
  [
    'two steps of one id',
    [
      { id: 'a', projectId: 'x' },
      { id: 'a', projectId: 'y' },
    ],
    /"a"/,
  ],
  [
    'a circle',
    [
      { id: 'a', projectId: 'x', dependsOn: ['b'] },
      { id: 'b', projectId: 'y', dependsOn: ['a'] },
    ],
    /a.*b.*a/,
  ],
  [
    'an unknown dependency',
    [
      { id: 'extract', projectId: 'x' },
      { id: 'b', projectId: 'y', dependsOn: ['extrat'] },
    ],
    /extrat.*extract/,
  ],
  ['a bad time limit in a step', [{ projectId: 'x', timeout: 'soon' }], /timeout/],
];

it.each([
  ...BAD_RUNS.map(([name, input, words]) => ['hexRun', name, input, words] as const),
  ...BAD_PIPELINES.map(([name, input, words]) => ['hexPipeline', name, input, words] as const),
])('%s with %s fails as InvalidInput, and nothing reaches Hex', async (type, _name, input, words) => {
  const { temporal, taskQueue, sandbox } = rig;
  const handle = await temporal.workflow.start(type, {
    taskQueue,
    workflowId: randomUUID(),
    args: input === undefined ? [] : [input],
  });
  const failure = await failureOf(handle.result());
  expect(failure.type).toBe('InvalidInput');
  expect(failure.message).toMatch(words);
  expect(sandbox.ledger().requests).toEqual([]);
});

it('lists every problem at once', async () => {
  const { temporal, taskQueue } = rig;
  const input = { projectId: '', timeout: 'soon', inputParams: null, foo: 1 };
  const handle = await temporal.workflow.start('hexRun', {
    taskQueue,
    workflowId: randomUUID(),
    args: [input],
  });
  const failure = await failureOf(handle.result());
  const [{ problems }] = failure.details as [{ problems: { path: string }[] }];
  expect(problems.map(({ path }) => path).sort()).toEqual(['foo', 'inputParams', 'projectId', 'timeout']);
});

it.each([
  ['hexRun', { projectId: 'sales' }],
  ['hexPipeline', { steps: [{ projectId: 'sales' }] }],
  ['hexJanitor', {}],
])('%s with a second argument, which nobody would look at, fails as InvalidInput', async (type, input) => {
  const { temporal, taskQueue, sandbox } = rig;
  const handle = await temporal.workflow.start(type, {
    taskQueue,
    workflowId: randomUUID(),
    args: [input, { connection: 'other' }],
  });
  const failure = await failureOf(handle.result());
  expect(failure.type).toBe('InvalidInput');
  expect(failure.message).toContain(
    'one argument is taken, and 2 were given: put everything into one JSON object',
  );
  expect(sandbox.ledger().requests).toEqual([]);
});
