import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/client.js';
import type { HexPipelineInput, PipelineDefinition } from '../../src/index.js';
import { cli } from '../support/cli.js';
import { FAST, failureOf, type Harness, harness } from '../support/harness.js';
import { theirWorker } from '../support/pipelines.js';
import { planRaw } from '../support/plan.js';

const PROJECTS: PipelineDefinition['projects'] = {
  sales: {
    inputs: {
      date: 'date',
      region: { type: 'string', enum: ['emea', 'apac'], required: true },
      limit: 'integer',
    },
  },
};
const sales = (inputParams: unknown, more: object = {}) => ({ projectId: 'sales', inputParams, ...more });
const GOOD = { date: '2026-01-31', region: 'emea', limit: 5 };

function problems(definition: object, params: object = {}): string[] {
  const planned = planRaw({ pipeline: { projects: PROJECTS, ...definition }, params });
  return planned.ok
    ? []
    : planned.problems.map(({ path, message }) => `${path.replace(/^pipeline\./, '')}: ${message}`);
}

describe('inputParams are checked against what is declared of the project', () => {
  it.each<[string, unknown, string]>([
    [
      'a misspelt name',
      { ...GOOD, dat: 1 },
      'inputParams.dat: project sales has no such input; did you mean "date"? (it has date, region, limit)',
    ],
    [
      'a name that all objects have',
      { ...GOOD, toString: 1 },
      'inputParams.toString: project sales has no such input',
    ],
    ['another type', { ...GOOD, limit: '5' }, 'inputParams.limit: must be a whole number, not "5"'],
    [
      'no date',
      { ...GOOD, date: '2026-02-30' },
      'inputParams.date: must be a date such as "2026-11-23", not "2026-02-30"',
    ],
    [
      'a value that is not allowed',
      { ...GOOD, region: 'us' },
      'inputParams.region: must be one of "emea", "apac", not "us"',
    ],
    [
      'a required one left out',
      { date: '2026-01-31' },
      'inputParams.region: is required by project sales: give a value of type string',
    ],
    ['null for a required one', { region: null }, 'inputParams.region: is required, and null is none'],
    ['no inputs at all', undefined, 'inputParams.region: is required by project sales'],
  ])('%s is refused', (_what, inputParams, message) => {
    expect(problems({ steps: [sales(inputParams)] })).toEqual([
      expect.stringContaining(`steps[0].${message}`),
    ]);
    expect(problems({ steps: [{ pipeline: { steps: [sales(inputParams)] } }] })).toEqual([
      expect.stringContaining(`steps[0].pipeline.steps[0].${message}`),
    ]);
  });

  it('good ones, null for what is not required, a view, and a project of which nothing is declared pass', () => {
    const view = { projectId: 'sales', viewId: 'v' };
    const steps = [
      sales(GOOD),
      sales({ region: 'apac', date: null }),
      view,
      { projectId: 'other', inputParams: { x: 1 } },
    ];
    expect(problems({ steps })).toEqual([]);
  });

  it('templates when they are filled in, the project itself included', () => {
    const params = { d: { type: 'string' }, id: { type: 'string' }, all: { type: 'object' } };
    const at = 'steps.a.inputParams';
    const judge = (step: object, given: object) =>
      problems(
        { params, steps: [{ id: 'a', ...step }] },
        { d: '2026-01-31', id: 'sales', all: {}, ...given },
      );
    const dated = sales({ region: 'emea', date: '{{ params.d }}' });
    expect(judge(dated, {})).toEqual([]);
    expect(judge(dated, { d: '{{ soon }}' })).toEqual([
      `${at}.date: must be a date such as "2026-11-23", not "{{ soon }}"`,
    ]);
    expect(judge({ ...sales({ dat: 1, region: 'emea' }), projectId: '{{ params.id }}' }, {})[0]).toContain(
      `${at}.dat: project sales`,
    );
    expect(judge(sales('{{ params.all }}'), {})[0]).toContain(`${at}.region: is required`);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'an unknown type',
      { sales: { inputs: { date: 'day' } } },
      /^projects\.sales\.inputs\.date: must be a type such as "date"/,
    ],
    ['no inputs', { sales: {} }, /^projects\.sales\.inputs: is required/],
    ['a misspelt field', { sales: { inputs: {}, input: {} } }, /^projects\.sales\.input: unknown field/],
    ['a bad id', { 'a/b': { inputs: {} } }, /^projects\.a\/b: must be the id of a Hex project/],
    ['a list', [], /^projects: must be an object/],
  ])('a declaration with %s is refused', (_what, projects, words) => {
    expect(problems({ projects, steps: [{ projectId: 'other' }] })).toEqual([expect.stringMatching(words)]);
  });
});

describe('at every door, before anything is sent to Hex', () => {
  let rig: Harness;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'temporal-hex-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(
      join(folder, 'projects.yaml'),
      JSON.stringify({ projects: { ...PROJECTS, unused: { inputs: {} } } }),
    );
    writeFileSync(join(folder, 'good.yaml'), JSON.stringify({ steps: [sales(GOOD, FAST)] }));
    writeFileSync(join(folder, 'bad.yaml'), JSON.stringify([sales({ ...GOOD, dat: 1 }, FAST)]));
    writeFileSync(
      join(folder, 'own.yaml'),
      JSON.stringify({ projects: { sales: { inputs: { x: 'number' } } }, steps: [sales({ x: 1 }, FAST)] }),
    );
    rig = await harness({ atEnd: afterAll, env: { HEX_PIPELINES_DIR: folder } });
  });

  const execute = (input: unknown) =>
    rig.temporal.workflow.execute('hexPipeline', {
      taskQueue: rig.taskQueue,
      workflowId: `p-${Math.random()}`,
      args: [input],
    });
  const runs = () => rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams);

  it('the workflow and the client', async () => {
    const bad = { projects: PROJECTS, steps: [sales({ ...GOOD, dat: 1 })] } as HexPipelineInput;
    expect((await failureOf(execute(bad))).message).toMatch(
      /steps\[0\]\.inputParams\.dat: .*did you mean "date"/,
    );
    await expect(async () => rig.hex.startPipeline(bad)).rejects.toThrow(InvalidInputError);
    expect(rig.sandbox.ledger().requests).toEqual([]);
  });

  it('a value that an earlier step gives, in a sub-pipeline too', async () => {
    const taskQueue = await theirWorker();
    const count = { id: 'count', workflow: { type: 'rowCount', taskQueue, args: ['abc', 0.5] } };
    const limit = { region: 'emea', limit: '{{ steps.count.output.rows }}' };
    const flat = { projects: PROJECTS, steps: [count, sales(limit)] };
    const inner = {
      params: { n: { type: 'number' } },
      steps: [sales({ region: 'emea', limit: '{{ params.n }}' })],
    };
    const nested = {
      projects: PROJECTS,
      steps: [count, { id: 'in', pipeline: inner, params: { n: limit.limit } }],
    };
    for (const pipeline of [flat, nested])
      expect((await failureOf(execute(pipeline))).message).toContain(
        'inputParams.limit: must be a whole number, not 1.5',
      );
    expect(runs()).toEqual([]);
  });

  it('temporal-hex plan and pipeline, with a projects.yaml beside the file, exit code 2', async () => {
    for (const command of ['plan', 'pipeline']) {
      const { code, stdout, stderr } = await cli([command, 'bad.yaml'], rig.env, folder);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(
        'steps[0].inputParams.dat: project sales has no such input; did you mean "date"?',
      );
    }
    for (const file of ['good.yaml', 'own.yaml'])
      expect((await cli(['plan', file], rig.env, folder)).code).toBe(0);
    expect(runs()).toEqual([]);
  });

  it('a pipeline by name, with the projects.yaml of the folder', async () => {
    const failure = await failureOf(execute({ pipeline: 'bad' }));
    expect(failure).toMatchObject({ type: 'InvalidInput' });
    expect(failure.message).toMatch(/steps\[0\]\.inputParams\.dat: .*did you mean "date"/);
    expect(runs()).toEqual([]);
    await execute({ pipeline: 'good' });
    await execute([{ id: 'in', pipeline: 'own' }]);
    expect(runs()).toEqual([GOOD, { x: 1 }]);
  });

  it('a projects.yaml of another form is refused with the form that it should have', async () => {
    const other = mkdtempSync(join(tmpdir(), 'temporal-hex-'));
    try {
      writeFileSync(join(other, 'projects.yaml'), JSON.stringify(PROJECTS));
      writeFileSync(join(other, 'p.yaml'), JSON.stringify({ steps: [sales(GOOD)] }));
      const { code, stderr } = await cli(['plan', 'p.yaml'], {}, other);
      expect(code).toBe(2);
      expect(stderr).toMatch(/projects\.yaml: must hold what a pipeline file holds under "projects"/);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});
