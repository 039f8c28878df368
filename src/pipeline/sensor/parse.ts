/** Reads the input of `hexSensor`. Lives behind boundary.ts: everything exported here is a function. */
import { z } from 'zod';
import { isObject, type JsonObject, type JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { readFields } from '../../run/schema-problems.js';
import type { PipelineDefinition } from '../definition/definition.js';
import { readPipelineInput } from '../definition/parse.js';
import type { SensorSpec } from './definition.js';
import type { SensorRequest, SensorTarget } from './input.js';
import { readSensor } from './read-on.js';

const schemas = {
  input: z.strictObject({
    // Both are read by their own parsers, for the sake of their messages.
    pipeline: z.unknown().optional(),
    on: z.unknown().optional(),
    signal: z
      .strictObject(
        {
          workflowId: z.string({ error: 'is required: the id of a workflow' }).min(1, 'must not be empty'),
          name: z.string({ error: 'is required: the name of the signal' }).min(1, 'must not be empty'),
        },
        {
          error: ({ code }) =>
            code === 'invalid_type'
              ? 'must be an object such as {"workflowId": "...", "name": "..."}'
              : undefined,
        },
      )
      .optional(),
    name: z
      .string({ error: 'must be text' })
      .regex(/^[^\s\p{Cc}][^\p{Cc}]{0,127}$/u, 'must be 1 to 128 characters in one line')
      .optional(),
    since: z.iso
      .datetime({ offset: true, error: 'must be an ISO 8601 time such as 2026-11-23T06:00:00Z' })
      .optional(),
  }),
};

const EXPECTED =
  'the input must be an object such as {"pipeline": <definition with "on">}, or {"name": "...", "signal": {...}, "on": {...}}';

/** Reads the input of `hexSensor`; every problem at once. */
export function readSensorInput(raw: JsonValue): Parsed<SensorRequest> {
  if (!isObject(raw)) return failed([{ path: '', message: EXPECTED }]);
  const { fields, problems } = readFields(raw, '', schemas.input);
  if ((raw.pipeline === undefined) === (raw.signal === undefined))
    return failed([
      ...problems,
      { path: '', message: `${EXPECTED}; it has ${raw.pipeline === undefined ? 'neither' : 'both'}` },
    ]);
  const since = fields.since === undefined ? null : Date.parse(fields.since);
  const read = raw.pipeline === undefined ? readSignal(raw, fields) : readStart(raw, fields);
  if (!read.ok) return failed([...problems, ...read.problems]);
  return problems.length > 0 ? failed(problems) : { ok: true, value: { ...read.value, sinceMs: since } };
}

type Fields = z.output<typeof schemas.input>;

function readSignal(raw: JsonObject, { name, signal }: Fields): Parsed<SensorRequest> {
  const on = readSensor(raw.on ?? null, 'on', null);
  const problems = on.ok ? [] : [...on.problems];
  if (name === undefined) problems.push({ path: 'name', message: 'is required: the sensor is known by it' });
  if (on.ok && Object.keys(on.value.params).length > 0)
    problems.push({
      path: 'on.params',
      message: 'goes with pipelines only: a signal gets the ending itself',
    });
  if (!on.ok || problems.length > 0 || !signal) return failed(problems);
  const target: SensorTarget = { kind: 'signal', workflowId: signal.workflowId, signal: signal.name };
  return { ok: true, value: { name: name ?? '', on: on.value, target, sinceMs: null, notify: [] } };
}

function readStart(raw: JsonObject, fields: Fields): Parsed<SensorRequest> {
  const { pipeline = null } = raw;
  const read = readPipelineInput({ pipeline });
  if (!read.ok) return read;
  const { spec, name } = read.value;
  const on = raw.on === undefined ? (spec?.on ?? null) : null;
  const own: Parsed<SensorSpec> = on
    ? { ok: true, value: on }
    : readSensor(raw.on ?? null, 'on', spec ? spec.params : null);
  if (!own.ok)
    return raw.on === undefined
      ? failed([
          {
            path: spec ? 'pipeline.on' : 'on',
            message: `is required${spec ? '' : ' with a pipeline that is given by its name'}: such as {"projects": ["extract-project-id"]}`,
          },
        ])
      : own;
  const isNamed = typeof pipeline === 'string' || (isObject(pipeline) && pipeline.name !== undefined);
  if (fields.name === undefined && !isNamed)
    return failed([
      { path: 'pipeline.name', message: 'is required, or the "name" of the sensor: it is known by it' },
    ]);
  const target: SensorTarget = {
    kind: 'pipeline',
    pipeline: pipeline as unknown as PipelineDefinition | string,
  };
  return {
    ok: true,
    value: { name: fields.name ?? name, on: own.value, target, sinceMs: null, notify: spec?.notify ?? [] },
  };
}

const failed = (problems: Problem[]): Parsed<never> => ({ ok: false, problems });
