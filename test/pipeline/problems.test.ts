import { describe, expect, it } from 'vitest';
import { formatProblems } from '../../src/base/problems.js';
import { parsePipelineInput, prepare } from '../../src/pipeline/boundary.js';

const RUN = {
  scheduledTime: '2026-11-23T06:00:00.000Z',
  date: '2026-11-23',
  timezone: 'UTC',
  startTime: '2026-11-23T06:00:00.000Z',
  workflowId: 'w',
  pipeline: 'p',
};

function problemsOf(raw: unknown): string {
  const parsed = parsePipelineInput(raw);
  return parsed.ok ? '' : formatProblems(parsed.problems);
}

const a = { id: 'a', projectId: 'a' };

const BAD: [string, unknown, RegExp][] = [
  ['nothing', undefined, /must be a pipeline such as .*got nothing/],
  ['a text', 'etl', /must be a pipeline such as/],
  ['an object of something else', { stesp: [] }, /"steps" is missing; did you mean "steps"\?/],
  ['no steps', { steps: [] }, /^steps: must be a list with at least one step/],
  ['steps that are no list', { steps: { a } }, /^steps: must be a list/],
  ['a step that is no object', ['a'], /^steps\[0\]: must be an object/],
  [
    'a step that runs nothing',
    [{ id: 'a' }],
    /^steps\[0\]: does not say what to run: give it one of projectId/,
  ],
  ['a misspelt project', [{ projectID: 'a' }], /did you mean "projectId"\?/],
  [
    'a step that runs two things',
    [{ projectId: 'a', approval: { prompt: 'ok?' } }],
    /runs one thing only, but has projectId and approval/,
  ],
  [
    'an unknown field of a step',
    [{ ...a, inputParam: {} }],
    /^steps\[0\]\.inputParam: unknown field.*did you mean "inputParams"\?/,
  ],
  [
    'an unknown field of a pipeline',
    { steps: [a], maxparallel: 2 },
    /^maxparallel: .*did you mean "maxParallel"\?/,
  ],
  [
    'inputs on an approval',
    [{ approval: { prompt: 'x' }, inputParams: {} }],
    /^steps\[0\]\.inputParams: unknown field/,
  ],
  [
    'cancelSiblings where failures do not stop',
    { onFailure: 'continue', steps: [{ ...a, cancelSiblings: true }] },
    /^steps\[0\]\.cancelSiblings: goes with onFailure: stop only, and here it is continue/,
  ],
  [
    'cancelSiblings of a pipeline that pauses',
    { onFailure: 'pause', cancelSiblings: true, steps: [a] },
    /^cancelSiblings: goes with onFailure: stop only, and here it is pause/,
  ],
  ['an unknown choice', [{ ...a, onCancel: 'keep' }], /^steps\[0\]\.onCancel: must be one of cancel, leave/],
  [
    'an unknown choice of a pipeline',
    { onTimeout: 'keep', steps: [a] },
    /^onTimeout: must be one of cancel, leave/,
  ],
  [
    'a second attempt beside a run that was left',
    { onTimeout: 'leave', steps: [{ ...a, retry: { maxAttempts: 2, on: ['TIMED_OUT'] } }] },
    /^steps\[0\]\.retry\.on: must not have TIMED_OUT with onTimeout: leave/,
  ],
  ['two steps of one id', [a, a], /^steps\[1\]\.id: "a" is the id of steps\[0\] already/],
  ['an id with a space', [{ ...a, id: 'a b' }], /^steps\[0\]\.id: must be 1 to 64 letters/],
  ['an id that is a number', [{ ...a, id: '7' }], /^steps\[0\]\.id: must not be a number only/],
  [
    'an unknown step',
    [
      { ...a, dependsOn: [] },
      { id: 'b', projectId: 'b', dependsOn: ['aa'] },
    ],
    /there is no step "aa"; did you mean "a"\?/,
  ],
  ['a step that waits for itself', [{ ...a, dependsOn: 'a' }], /a step cannot depend on itself/],
  [
    'a circle',
    [
      { ...a, dependsOn: 'c' },
      { id: 'b', projectId: 'b', dependsOn: 'a' },
      { id: 'c', projectId: 'c', dependsOn: 'b' },
    ],
    /dependency cycle (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c):/,
  ],
  [
    'a trigger rule that is none',
    [{ ...a, triggerRule: 'all_ok' }],
    /triggerRule: must be one of all_success, all_failed/,
  ],
  ['a duration', [{ ...a, timeout: 'soon' }], /^steps\[0\]\.timeout: "soon" is not a duration/],
  ['a retry once', [{ ...a, retry: { maxAttempts: 1 } }], /retry\.maxAttempts: must be 2 or more/],
  [
    'a retry on a permanent error',
    [{ ...a, retry: { maxAttempts: 2, on: ['HexAuth'] } }],
    /retry\.on\[0\]: must be one of/,
  ],
  [
    'inputs and a view',
    [{ ...a, inputParams: { x: 1 }, viewId: 'v' }],
    /^steps\[0\]\.viewId: Hex takes inputParams or viewId/,
  ],
  ['input and args', [{ workflow: { type: 'w', input: 1, args: [2] } }], /takes input or args, not both/],
  ['a window without forEach', [{ ...a, window: 3 }], /window: needs forEach/],
  [
    'forEach over a word',
    [{ ...a, forEach: 'params.x' }],
    /forEach: must be a list or a template.*\{\{ params\.x \}\}/,
  ],
  [
    'forEach over a text parameter',
    { params: { x: { type: 'string' } }, steps: [{ ...a, forEach: '{{ params.x }}' }] },
    /needs a list, but the parameter "x" is of type string/,
  ],
  ['a condition without braces', [{ ...a, when: 'run.date' }], /when: .*write "\{\{ run\.date \}\}"/],
  [
    'an unknown parameter in a template',
    { params: { day: { type: 'date' } }, steps: [{ ...a, inputParams: { d: '{{ params.dya }}' } }] },
    /inputParams\.d: "params\.dya" is not known: "params" has day/,
  ],
  [
    'an unknown variable',
    [{ ...a, inputParams: { d: '{{ env.HEX_API_TOKEN }}' } }],
    /"env\.HEX_API_TOKEN" is not known: the variables here are params, run, steps/,
  ],
  ['an unknown field of run', [{ ...a, inputParams: { d: '{{ run.dat }}' } }], /"run\.dat" is not known/],
  [
    'a template over a later step',
    [
      { ...a, inputParams: { x: '{{ steps.b.runId }}' } },
      { id: 'b', projectId: 'b' },
    ],
    /"b" may not have run by then: add it to dependsOn/,
  ],
  [
    'a template over no step',
    [a, { id: 'b', projectId: 'b', inputParams: { x: '{{ steps.aa.runId }}' } }],
    /there is no step "aa"; did you mean "a"\?/,
  ],
  [
    'a field that a result does not have',
    [a, { id: 'b', projectId: 'b', inputParams: { x: '{{ steps.a.runID }}' } }],
    /"steps\.a\.runID" is not known: "steps\.a" has .*runId/,
  ],
  ['item without forEach', [{ ...a, inputParams: { x: '{{ item }}' } }], /the step has no forEach/],
  ['a template that does not close', [{ ...a, inputParams: { x: '{{ run.date' } }], /not closed/],
  [
    'a filter that is none',
    [{ ...a, inputParams: { x: '{{ run.date | shout }}' } }],
    /undefined filter: shout/,
  ],
  ['a loop', [{ ...a, inputParams: { x: '{% for i in (1..9) %}{% endfor %}' } }], /tag "for" not found/],
  [
    'a default of another type',
    { params: { n: { type: 'integer', default: 'x' } }, steps: [a] },
    /^params\.n\.default: must be a whole number, not "x"/,
  ],
  [
    'a default that is none of the values',
    { params: { n: { type: 'string', default: 'x', enum: ['y'] } }, steps: [a] },
    /must be one of "y", not "x"/,
  ],
  ['a time zone', { timezone: 'Mars', steps: [a] }, /^timezone: "Mars" is not a time zone/],
  [
    'a webhook by its URL',
    { notify: [{ to: 'https://x.example' }], steps: [a] },
    /notify\[0\]\.to: must be the name of a webhook/,
  ],
  [
    'too many steps',
    Array.from({ length: 1001 }, (_, i) => ({ id: `s${i}`, projectId: 'p' })),
    /has 1001 steps, and 1000 are allowed/,
  ],
  [
    'too many items',
    [{ ...a, forEach: Array.from({ length: 10_001 }, (_, i) => i) }],
    /has 10001 items, and a fan-out may have 10000/,
  ],
  ['too large', [{ ...a, inputParams: { x: 'x'.repeat(1_100_000) } }], /bytes long, and 1048576 are allowed/],
  ['a name with a path', { pipeline: '../etc/passwd' }, /must be the name of a pipeline/],
  ['an unknown field beside a pipeline', { pipeline: 'etl', parms: {} }, /parms: .*did you mean "params"\?/],
  [
    'a problem inside a sub-pipeline',
    [{ pipeline: { steps: [{ ...a, timeout: 'x' }] } }],
    /^steps\[0\]\.pipeline\.steps\[0\]\.timeout/,
  ],
  ['pipelines nested too deep', nested(6), /nested more than 5 deep/],
];

function nested(depth: number): unknown {
  return depth === 0 ? { steps: [a] } : { steps: [{ id: 'inner', pipeline: nested(depth - 1) }] };
}

describe('a definition that is not sound is refused with what to mend', () => {
  it.each(BAD)('%s', (_what, raw, message) => {
    expect(problemsOf(raw)).toMatch(message);
  });

  it('all problems at once', () => {
    const text = problemsOf({
      timezone: 'Mars',
      params: { n: { type: 'integer', default: 'x' } },
      steps: [
        { id: 'a b', projectId: 'a' },
        { id: 'c' },
        { id: 'd', projectId: 'd', retry: { maxAttempts: 0 } },
      ],
    });
    for (const path of [
      'timezone',
      'params.n.default',
      'steps[0].id',
      'steps[1]',
      'steps[2].retry.maxAttempts',
    ])
      expect(text).toContain(`${path}:`);
  });
});

describe('a sound definition is read', () => {
  it('in all of its forms', () => {
    for (const raw of [[a], { steps: [a] }, { pipeline: [a] }, { pipeline: { steps: [a] }, params: {} }]) {
      const parsed = parsePipelineInput(raw);
      expect(parsed.ok && parsed.value.spec?.steps.map(({ id }) => id)).toEqual(['a']);
    }
    const named = parsePipelineInput({ pipeline: 'daily-etl', params: { x: 1 } });
    expect(named).toMatchObject({ ok: true, value: { load: 'daily-etl', spec: null, params: { x: 1 } } });
  });

  it('steps without dependsOn are a sequence, and one dependsOn makes it a graph', () => {
    const ids = (raw: unknown) => {
      const parsed = parsePipelineInput(raw);
      return parsed.ok && parsed.value.spec?.steps.map(({ dependsOn }) => dependsOn.join());
    };
    expect(ids([{ projectId: 'a' }, { projectId: 'b' }, { projectId: 'c' }])).toEqual(['', 'a', 'b']);
    expect(ids([{ projectId: 'a' }, { projectId: 'b' }, { projectId: 'c', dependsOn: 'a' }])).toEqual([
      '',
      '',
      'a',
    ]);
  });

  it('steps without an id get one from what they run, numbered when it comes again', () => {
    const parsed = parsePipelineInput([
      { projectId: 'load' },
      { projectId: 'load' },
      { id: 'load-3', projectId: 'x' },
      { projectId: 'load' },
      { workflow: { type: 'check' } },
      { approval: { prompt: 'ok?' } },
      { pipeline: { name: 'inner', steps: [a] } },
      { projectId: '{{ run.pipeline }}' },
    ]);
    expect(parsed.ok && parsed.value.spec?.steps.map(({ id }) => id)).toEqual([
      ...['load', 'load-2', 'load-3', 'load-4', 'check', 'approval', 'inner', 'step-8'],
    ]);
  });

  it('the example of the documentation', () => {
    const parsed = parsePipelineInput({
      name: 'daily-etl',
      params: {
        date: { type: 'string', default: '{{ run.date }}' },
        regions: { type: 'array', default: ['emea', 'apac'] },
      },
      maxParallel: 4,
      steps: [
        { id: 'extract', projectId: 'extract-project-id', inputParams: { date: '{{ params.date }}' } },
        {
          id: 'per-region',
          dependsOn: ['extract'],
          forEach: '{{ params.regions }}',
          projectId: 'transform-project-id',
          inputParams: { region: '{{ item }}' },
        },
        {
          id: 'publish',
          dependsOn: ['per-region'],
          approval: { prompt: 'Publish {{ params.date }}?', within: '4h' },
        },
        {
          id: 'load',
          dependsOn: ['publish'],
          projectId: 'load-project-id',
          updateCache: true,
          retry: { maxAttempts: 3 },
        },
      ],
    });
    if (!parsed.ok || !parsed.value.spec) throw new Error(problemsOf(parsed));
    const prepared = prepare(parsed.value.spec, {}, RUN);
    expect(prepared.ok && prepared.value.params).toEqual({ date: '2026-11-23', regions: ['emea', 'apac'] });
    expect(
      prepared.ok &&
        prepared.value.ready.get('per-region')?.map((work) => work.kind === 'hex' && work.input.inputParams),
    ).toEqual([{ region: 'emea' }, { region: 'apac' }]);
  });
});

describe('parameters are checked before anything runs', () => {
  const given = (params: Record<string, unknown>, values: Record<string, unknown>, step = {}) => {
    const parsed = parsePipelineInput({ params, steps: [{ ...a, ...step }] });
    if (!parsed.ok || !parsed.value.spec) throw new Error(problemsOf({ params, steps: [{ ...a, ...step }] }));
    const prepared = prepare(parsed.value.spec, values as never, RUN);
    return prepared.ok ? JSON.stringify(prepared.value.params) : formatProblems(prepared.problems);
  };

  it.each([
    [
      'a missing one',
      { n: { type: 'integer' } },
      {},
      {},
      /^params\.n: is required: give a value of type integer/,
    ],
    ['an unknown one', { day: { type: 'date' } }, { dya: 'x' }, {}, /^params\.dya: .*did you mean "day"\?/],
    [
      'one of another type',
      { n: { type: 'number' } },
      { n: '1' },
      {},
      /^params\.n: must be a number, not "1"/,
    ],
    ['a date that is none', { d: { type: 'date' } }, { d: '2026-02-30' }, {}, /must be a date such as/],
    [
      'one that makes a bad step',
      { t: { type: 'string' } },
      { t: 'soon' },
      { timeout: '{{ params.t }}' },
      /^steps\.a\.timeout: "soon" is not a duration/,
    ],
    [
      'one that makes a bad project id',
      { p: { type: 'string' } },
      { p: '../x' },
      { projectId: '{{ params.p }}' },
      /^steps\.a\.projectId: must be the id of a Hex project/,
    ],
    [
      'one that makes a condition of nothing',
      { p: { type: 'string' } },
      { p: 'x' },
      { when: '{{ params.p }}' },
      /must give true or false, but gave "x"/,
    ],
    [
      'one that makes a fan-out of a text',
      { p: { type: 'string' } },
      { p: 'x' },
      { forEach: '{{ params.p | upcase }}' },
      /forEach: must give a list, but gave "X"/,
    ],
    [
      'a field of an object that is not there',
      { o: { type: 'object' } },
      { o: {} },
      { inputParams: { x: '{{ params.o.k }}' } },
      /undefined variable: params\.o\.k/,
    ],
  ] as [string, Record<string, unknown>, Record<string, unknown>, object, RegExp][])(
    '%s',
    (_what, params, values, step, message) => {
      expect(given(params, values, step)).toMatch(message);
    },
  );

  it('good ones keep their types', () => {
    const params = {
      n: { type: 'number' },
      b: { type: 'boolean', default: false },
      o: { type: 'object', default: { a: [1] } },
    };
    expect(given(params, { n: 1.5 })).toBe('{"n":1.5,"b":false,"o":{"a":[1]}}');
  });
});
