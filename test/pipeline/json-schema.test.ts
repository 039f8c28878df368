import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pipelineJsonSchema } from '../../scripts/pipeline-json-schema.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the JSON Schema of pipeline files', () => {
  const schema = JSON.parse(read('schema/pipeline.schema.json'));
  const validate = new Ajv2020({ strict: false, allowUnionTypes: true }).compile(schema);

  it('is up to date: run "node --import tsx scripts/pipeline-schema.ts" after a change of the definition', () => {
    expect(schema).toEqual(JSON.parse(JSON.stringify(pipelineJsonSchema())));
  });

  it('accepts what the parser accepts, templates in place of switches and durations included', () => {
    const good = [
      parse(read('examples/etl.yaml')),
      [{ projectId: 'a' }],
      {
        params: { full: { type: 'boolean', default: false } },
        steps: [
          { id: 'a', projectId: '{{ run.pipeline }}', updateCache: '{{ params.full }}', timeout: '{{ 5 }}m' },
          { id: 'b', forEach: [1, 2], workflow: { type: 'w', input: { x: [1] } } },
          { pipeline: { steps: [{ approval: { prompt: 'ok?' } }] } },
          { pipeline: 'daily', retry: { maxAttempts: 2, on: ['FAILED'] } },
        ],
      },
    ];
    for (const definition of good)
      expect({ ok: validate(definition), errors: validate.errors }).toEqual({ ok: true, errors: null });
  });

  it('refuses misspelt fields and wrong types', () => {
    for (const definition of [
      { steps: [] },
      { steps: [{ id: 'a' }] },
      { steps: [{ projectId: 'a', inputParam: {} }] },
      { steps: [{ projectId: 'a', triggerRule: 'all_ok' }] },
      { steps: [{ projectId: 'a', updateCache: 'yes' }] },
      { step: [{ projectId: 'a' }] },
    ])
      expect(validate(definition)).toBe(false);
  });

  it('has words for the fields, for editors to show', () => {
    const text = JSON.stringify(schema);
    for (const words of [
      'Steps that this one waits for',
      'Id of a published project',
      'All attempts, the first included',
    ])
      expect(text).toContain(words);
  });
});
