import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../support/cli.js';
import { failureOf, type Harness, harness } from '../support/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'written-'));
let rig: Harness;

beforeAll(async () => {
  rig = await harness({ atEnd: afterAll, env: { HEX_PIPELINES_DIR: folder } });
});
afterAll(() => rmSync(folder, { recursive: true }));

const FAST = 'poll: { min: 20ms, first: 20ms }';

/** The input parameters that Hex got of the project, run by run. */
function sent(projectId: string): unknown[] {
  const { runs } = rig.sandbox.ledger();
  return runs.filter((run) => run.projectId === projectId).map(({ inputParams }) => inputParams);
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function startByName(pipeline: string, params: object = {}): Promise<unknown> {
  return rig.hex.temporal.workflow.execute('hexPipeline', {
    taskQueue: rig.taskQueue,
    workflowId: randomUUID(),
    args: [{ pipeline, params }],
  });
}

/** What is kept as it is, however it comes in. */
const VALUES = {
  id: '1742345678901234567',
  zip: '01234',
  version: '1.10',
  sha: '68931401e2',
  phone: '+4915112345678',
  n: 3,
  half: 1.5,
  edge: 9_007_199_254_740_991,
  none: null,
  words: 'O\'Reilly "x" = Köln 🎉',
  nested: { list: [1, '01', true] },
};

describe('values reach Hex as they are written', () => {
  const asYaml = JSON.stringify(VALUES);

  it('by -p', async () => {
    const pairs = Object.entries(VALUES).flatMap(([name, value]) => [
      '-p',
      `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ]);
    const { code, stderr } = await cli(['run', 'by-p', ...pairs, '--wait'], rig.env);
    expect(code, stderr).toBe(0);
    expect(sent('by-p')).toEqual([VALUES]);
  });

  it.each(['params.json', 'params.yaml'])('by --params-file %s', async (name) => {
    const project = `by-${name.replace('.', '-')}`;
    const args = ['run', project, '--params-file', file(name, asYaml), '--wait'];
    const { code, stderr } = await cli(args, rig.env);
    expect(code, stderr).toBe(0);
    expect(sent(project)).toEqual([VALUES]);
  });

  it.each(['from-json.json', 'from-yaml.yaml'])('by the pipeline file %s, also by name', async (name) => {
    const [project = ''] = name.split('.');
    const step = { id: 'a', projectId: project, poll: { min: '20ms', first: '20ms' }, inputParams: VALUES };
    const path = file(name, JSON.stringify({ steps: [step] }));
    const { code, stderr } = await cli(['pipeline', path, '--wait'], rig.env);
    expect(code, stderr).toBe(0);
    await startByName(project);
    expect(sent(project)).toEqual([VALUES, VALUES]);
  });

  it('by -p for a parameter that the pipeline declares as text, though it looks like a number', async () => {
    const path = file(
      'typed.yaml',
      `params: { s: { type: string }, n: { type: integer } }\nsteps:\n  - { projectId: typed, ${FAST}, inputParams: { s: "{{ params.s }}", n: "{{ params.n }}" } }\n`,
    );
    const { code, stderr } = await cli(['pipeline', path, '-p', 's=5', '-p', 'n=5', '--wait'], rig.env);
    expect(code, stderr).toBe(0);
    expect(sent('typed')).toEqual([{ s: '5', n: 5 }]);
  });
});

describe('what would reach Hex as something else is refused with the place, and nothing is sent', () => {
  const refused: [string, string, RegExp[]][] = [
    [
      'yaml',
      '{ a: {{ params.date }}, b: 1742345678901234567, c: 01234, d: { ? {x: 1} : 2 }, e: !vault x, f: 1, f: 2 }',
      [
        /inputParams\.a \(line 1, column \d+\): a template must stand in quotes: "\{\{ params.date \}\}"/,
        /inputParams\.b \(line 1, column \d+\): 1742345678901234567 has more digits .* in quotes/,
        /inputParams\.c \(line 1, column \d+\): 01234 would be sent as 1234/,
        /inputParams\.d \(line 1, column \d+\): a list or a map cannot be a name/,
        /inputParams\.e \(line 1, column \d+\): has the tag !vault/,
        /inputParams\.f \(line 1, column \d+\): "f" comes twice/,
      ],
    ],
    [
      'json',
      '{"a": [1742345678901234567], "b": 1.10, "c": {"x": 1, "x": 2}}',
      [
        /inputParams\.a\[0\] \(line 1, column \d+\): 1742345678901234567 has more digits .* in quotes/,
        /inputParams\.b \(line 1, column \d+\): 1\.10 would be sent as 1\.1/,
        /inputParams\.c\.x \(line 1, column \d+\): "x" comes twice/,
      ],
    ],
  ];

  it.each(refused)(
    'in a %s file, of a pipeline, of parameters, and by name',
    async (ending, values, messages) => {
      const path = file(
        `bad-${ending}.${ending}`,
        `{"steps": [{"projectId": "refused", "inputParams": ${values}}]}`,
      );
      const params = file(`params.${ending}`, `{"inputParams": ${values}}`);
      const ends = await Promise.all([
        cli(['plan', path]),
        cli(['pipeline', path], rig.env),
        cli(['run', 'refused', '--params-file', params], rig.env),
      ]);
      const failure = await failureOf(startByName(`bad-${ending}`));
      expect(ends.map(({ code }) => code)).toEqual([2, 2, 2]);
      expect(failure.type).toBe('InvalidInput');
      for (const said of [...ends.map(({ stderr }) => stderr), failure.message]) {
        for (const message of messages) expect(said).toMatch(message);
      }
      expect(sent('refused')).toEqual([]);
    },
  );

  it('a value inside of -p that would change', async () => {
    const { code, stderr } = await cli(['run', 'refused', '-p', 'o={"id":12345678901234567890}'], rig.env);
    expect(code).toBe(2);
    expect(stderr).toContain(
      '-p o: id (line 1, column 7): 12345678901234567890 has more digits than a number keeps',
    );
  });

  it('a number for a parameter that is declared as text, with the way to give it', async () => {
    const path = file('text.yaml', 'params: { s: { type: string } }\nsteps: [{ projectId: refused }]\n');
    const params = file('text.json', '{"s": 5}');
    const { code, stderr } = await cli(['pipeline', path, '--params-file', params], rig.env);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `params.s: must be text, not 5: put it in quotes, on the command line so: -p 'name="5"'`,
    );
  });
});

describe('a value that has changed before it came here is refused with its path, and nothing is sent', () => {
  const start = (type: string, input: unknown) =>
    rig.temporal.workflow.execute(type, {
      taskQueue: rig.taskQueue,
      workflowId: randomUUID(),
      args: [input],
    });
  // What JSON.parse makes of the digits, whoever sends them.
  const rounded = JSON.parse('1742345678901234567') as number;
  const step = { projectId: 'refused', inputParams: { ids: [{ id: rounded }] } };

  it.each([
    ['hexRun', step, 'inputParams.ids[0].id'],
    ['hexPipeline', { steps: [step] }, 'steps[0].inputParams.ids[0].id'],
    [
      'hexPipeline',
      { pipeline: { steps: [{ projectId: 'refused' }] }, params: { id: rounded } },
      'params.id',
    ],
    ['hexPipeline', [{ projectId: 'refused', forEach: [rounded] }], '[0].forEach[0]'],
    ['hexPipeline', [{ pipeline: { steps: [step] } }], '[0].pipeline.steps[0].inputParams.ids[0].id'],
    ['hexPipeline', [{ workflow: { type: 'x', args: [rounded] } }], '[0].workflow.args[0]'],
  ])('as the input of %s: %j', async (type, input, path) => {
    const failure = await failureOf(start(type, input));
    expect(failure.type).toBe('InvalidInput');
    expect(failure.message).toContain(
      `${path}: is 1742345678901234700, and a number of that size may have lost digits`,
    );
    expect(sent('refused')).toEqual([]);
  });

  it.each([
    ['{{ 1.10 }}', '1.10 would be sent as 1.1: for text, put it in quotes; for the number, write 1.1'],
    ['no. {{ 01234 }}', '01234 would be sent as 1234'],
    ['{{ run.missing | default: 12345678901234567890 }}', 'has more digits than a number keeps'],
    ['{% assign v = -0 %}{{ v }}', '-0 would be sent as 0'],
    [
      '{% if index == 1.0 %}a{% elsif true %}{{ "v" | append: 2.50 }}{% endif %}',
      '2.50 would be sent as 2.5',
    ],
    ['{{ run.workflowId | truncate: +5 }}', '+5 would be sent as 5'],
  ])('as a number of a template: %s', async (template, message) => {
    for (const [type, input, path] of [
      ['hexRun', { projectId: 'refused', inputParams: { v: template } }, 'inputParams.v'],
      ['hexPipeline', { steps: [{ ...step, inputParams: { v: [template] } }] }, 'steps[0].inputParams.v[0]'],
    ] as const) {
      const failure = await failureOf(start(type, input));
      expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining(`${path}: `) });
      expect(failure.message).toContain(message);
    }
    expect(sent('refused')).toEqual([]);
  });

  it('by a template that makes such a number, before any step has run', async () => {
    const steps = [{ ...step, inputParams: { v: '{{ params.n | times: 1000000000 }}' } }];
    const definition = { params: { n: { type: 'integer', default: 9007199254 } }, steps };
    const failure = await failureOf(
      start('hexPipeline', { pipeline: definition, params: { n: 9007199255 } }),
    );
    expect(failure.message).toContain('steps.refused.inputParams.v: is 9007199255000000000');
    expect(sent('refused')).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['a rounded id', JSON.parse('1742345678901234567'), 'inputParams.v: is 1742345678901234700'],
    ['infinity', Number.POSITIVE_INFINITY, 'inputParams.v: is Infinity, which JSON has no form for'],
    ['no number', [Number.NaN], 'inputParams.v[0]: is NaN'],
    ['a bigint', 1742345678901234567n, 'inputParams.v: is a bigint'],
    ['a date', new Date(0), 'inputParams.v: is a Date'],
    ['a hole in a list', [undefined], 'inputParams.v[0]: is undefined'],
    ['half a character', '\ud83c', 'inputParams.v: has half a character'],
  ])('by the TypeScript client: %s', (_what, v, message) => {
    expect(() => rig.hex.startRun({ projectId: 'refused', inputParams: { v } })).toThrow(message);
    const steps = [{ projectId: 'refused', inputParams: { v: v as never } }];
    expect(() => rig.hex.startPipeline({ steps })).toThrow(`steps[0].${message}`);
  });
});
