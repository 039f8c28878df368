import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HexPipelineInput } from '../../src/index.js';
import { FAST, failureOf, type Harness } from '../support/harness.js';
import { pipelineHarness } from '../support/pipelines.js';

let rig: Harness;

beforeAll(async () => {
  rig = await pipelineHarness({ atEnd: afterAll, sandbox: { duration: 30 } });
});

/** Names that every object of JavaScript answers to. */
const NAMES = ['constructor', 'toString', 'hasOwnProperty', 'valueOf'];

function start(type: string, input: unknown): Promise<unknown> {
  return rig.temporal.workflow.execute(type, {
    taskQueue: rig.taskQueue,
    workflowId: `${type}-${randomUUID()}`,
    args: [input],
  });
}

/** The runs of a project as Hex has them. */
const runsOf = (projectId: string) => rig.sandbox.ledger().runs.filter((run) => run.projectId === projectId);

it.each([...NAMES, '__proto__'])('a project "%s" is run like any other', async (projectId) => {
  const inputParams = { constructor: 1, toString: 'x' };
  await start('hexRun', { projectId, inputParams, ...FAST });
  expect(runsOf(projectId)).toMatchObject([{ status: 'COMPLETED', inputParams }]);
});

it('steps, parameters and templates may have such names', async () => {
  const [first = '', ...others] = NAMES;
  const input = {
    params: Object.fromEntries(NAMES.map((name) => [name, { type: 'string', default: `value of ${name}` }])),
    steps: [
      { id: first, projectId: 'named', ...FAST, inputParams: { p: '{{ params.constructor }}' } },
      ...others.map((id, index) => ({
        id,
        projectId: 'named',
        dependsOn: NAMES[index],
        ...FAST,
        inputParams: { p: `{{ params.${id} }}`, run: `{{ steps.${NAMES[index]}.runId }}` },
      })),
      {
        id: 'items',
        projectId: 'named',
        dependsOn: NAMES,
        forEach: '{{ steps.valueOf.runId | split: "-" | slice: 0 }}',
        ...FAST,
      },
    ],
  };
  const result = (await start('hexPipeline', input)) as { steps: Record<string, { runId: string }> };
  const runs = runsOf('named');
  expect(runs.slice(0, 4).map(({ inputParams }) => inputParams)).toEqual([
    { p: 'value of constructor' },
    ...others.map((name, index) => ({ p: `value of ${name}`, run: runs[index]?.runId })),
  ]);
  expect(Object.keys(result.steps)).toEqual([...NAMES, 'items']);
});

it.each([
  ['{{ params.constructor }}', /"params.constructor" is not known: "params" has none/],
  ['{{ params.__proto__ }}', /"params.__proto__" is not known/],
  ['{{ steps.constructor }}', /there is no step "constructor"/],
  ['{{ run.toString }}', /"run.toString" is not known/],
  ['{{ constructor }}', /"constructor" is not known/],
])('%s names nothing where the pipeline has nothing of that name', async (template, message) => {
  const input = { steps: [{ projectId: 'unknown-names', inputParams: { x: template } }] };
  const failure = await failureOf(start('hexPipeline', input));
  expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(message) });
  expect(runsOf('unknown-names')).toEqual([]);
});

it('a connection or a pipeline of such a name is not there', async () => {
  for (const [type, input, message] of [
    ['hexRun', { projectId: 'nowhere', connection: 'constructor' }, /no connection "constructor"/],
    ['hexPipeline', { pipeline: 'constructor' }, /"constructor" cannot be looked up/],
  ] as const)
    expect(await failureOf(start(type, input))).toMatchObject({ message: expect.stringMatching(message) });
  expect(runsOf('nowhere')).toEqual([]);
});

it.each([
  ['hexRun', '{"projectId": "refused", "inputParams": {"a": {"__proto__": 1}}}', 'inputParams.a.__proto__'],
  ['hexRun', '{"projectId": "refused", "__proto__": {"dryRun": true}}', '__proto__'],
  [
    'hexPipeline',
    '{"params": {"__proto__": {"type": "string"}}, "steps": [{"projectId": "refused"}]}',
    'params.__proto__',
  ],
  [
    'hexPipeline',
    '{"steps": [{"projectId": "refused", "__proto__": {"dryRun": true}}]}',
    'steps[0].__proto__',
  ],
  ['hexPipeline', '{"steps": [{"id": "__proto__", "projectId": "refused"}]}', 'steps[0].id'],
])('the name __proto__ is refused in %s: %s', async (type, json, path) => {
  const failure = await failureOf(start(type, JSON.parse(json)));
  expect(failure.type).toBe('InvalidInput');
  expect(failure.message).toMatch(/JavaScript has a use of its own for it/);
  expect(failure.message).toContain(`${path}: `);
  const known = () =>
    type === 'hexRun'
      ? rig.hex.startRun(JSON.parse(json))
      : rig.hex.startPipeline(JSON.parse(json) as HexPipelineInput);
  expect(known).toThrow(path);
  expect(runsOf('refused')).toEqual([]);
});
