import { expect, it } from 'vitest';
import { parsePipelineInput } from '../../src/pipeline/boundary.js';
import { pipeline } from '../../src/pipeline/definition/builder.js';

const etl = pipeline('daily-etl', { maxParallel: 4 })
  .param('date', { type: 'string', default: '{{ run.date }}' })
  .param('regions', { type: 'array', default: ['emea', 'apac'] })
  .hex('extract', ({ params }) => ({ projectId: 'extract-project-id', inputParams: { date: params.date } }))
  .hex('per-region', ({ params, steps, item }) => ({
    dependsOn: ['extract'],
    forEach: params.regions,
    projectId: 'transform-project-id',
    inputParams: { region: item, after: steps.extract.runId },
  }))
  .approval('publish', ({ params }) => ({
    dependsOn: ['per-region'],
    approval: { prompt: `Publish ${params.date}?`, within: '4h' },
  }))
  .hex('load', {
    dependsOn: ['publish'],
    projectId: 'load-project-id',
    updateCache: true,
    retry: { maxAttempts: 3 },
  });

it('the builder yields the same JSON as a pipeline file', () => {
  expect(etl.build()).toEqual({
    name: 'daily-etl',
    maxParallel: 4,
    params: {
      date: { type: 'string', default: '{{ run.date }}' },
      regions: { type: 'array', default: ['emea', 'apac'] },
    },
    steps: [
      { id: 'extract', projectId: 'extract-project-id', inputParams: { date: '{{ params.date }}' } },
      {
        id: 'per-region',
        dependsOn: ['extract'],
        forEach: '{{ params.regions }}',
        projectId: 'transform-project-id',
        inputParams: { region: '{{ item }}', after: '{{ steps.extract.runId }}' },
      },
      {
        id: 'publish',
        dependsOn: ['per-region'],
        approval: { prompt: 'Publish {{ params.date }}?', within: '4h' },
      },
      {
        ...{ id: 'load', dependsOn: ['publish'], projectId: 'load-project-id' },
        ...{ updateCache: true, retry: { maxAttempts: 3 } },
      },
    ],
  });
  expect(parsePipelineInput(etl.build()).ok).toBe(true);
});

it('workflows and sub-pipelines as well, and a builder can be continued in two ways', () => {
  const base = pipeline('base').workflow('check', {
    workflow: { type: 'rowCount', args: ['sales', { deep: true }] },
  });
  const one = base.pipeline('sub', ({ steps }) => ({
    dependsOn: 'check',
    pipeline: 'other',
    params: { rows: steps.check.output ?? '' },
  }));
  const two = base.hex('load', { dependsOn: 'check', projectId: 'load' });
  const tell = two.http('tell', ({ steps }) => ({
    dependsOn: 'load',
    http: { url: 'https://api.example.com/', method: 'POST', body: { run: steps.load.runId ?? '' } },
  }));
  expect([base, one, two, tell].map((builder) => builder.build().steps.length)).toEqual([1, 2, 2, 3]);
  expect(parsePipelineInput(tell.build()).ok).toBe(true);
  expect(one.build().steps[1]).toMatchObject({ params: { rows: '{{ steps.check.output }}' } });
  expect(parsePipelineInput(one.build()).ok).toBe(true);
});

it('what is misspelt does not compile', () => {
  // @ts-expect-error a step that does not exist
  etl.hex('x', { dependsOn: 'lod', projectId: 'p' });
  // @ts-expect-error no project
  etl.hex('x', { dependsOn: 'load' });
  // @ts-expect-error a parameter that does not exist
  etl.hex('x', ({ params }) => ({ projectId: params.dat }));
  // @ts-expect-error a field that does not exist
  etl.hex('x', { projectId: 'p', timeot: '1h' });
  // @ts-expect-error a value of another type
  etl.hex('x', { projectId: 5 });
  // @ts-expect-error a trigger rule that does not exist
  etl.hex('x', { projectId: 'p', triggerRule: 'all_ok' });
  const early = pipeline('p').hex('a', { projectId: 'a' });
  // @ts-expect-error a later step
  early.hex('b', ({ steps }) => ({ projectId: 'b', inputParams: { x: steps.c.runId } }));
});
