/** Reads the section `on`. Lives behind boundary.ts: everything exported here is a function. */
import { isObject, type JsonValue } from '../../base/json.js';
import { type Parsed, type Problem, pathText } from '../../base/problems.js';
import { didYouMean } from '../../base/suggest.js';
import { readObject } from '../../run/schema-problems.js';
import { templateProblems } from '../../templates/values.js';
import { ENDING_FIELDS, type SensorDefinition, type SensorSpec } from './definition.js';
import { sensorSchema, toSensorSpec } from './schema.js';

const schema = sensorSchema();

/** Reads the section `on` of a pipeline that has these parameters. */
export function readSensor(
  raw: JsonValue,
  path: string,
  params: Readonly<Record<string, { default?: JsonValue }>> | null,
): Parsed<SensorSpec> {
  if (!isObject(raw))
    return { ok: false, problems: [{ path, message: 'must be an object such as {"projects": ["..."]}' }] };
  const read = readObject(raw, path, schema);
  if (!read.ok) return read;
  const spec = toSensorSpec(read.value as SensorDefinition);
  const problems = [
    ...templateProblems(
      spec.params,
      { roots: { ending: ENDING_FIELDS, endings: null } },
      pathText(path, ['params']),
    ),
    ...paramProblems(spec, path, params),
  ];
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: spec };
}

function paramProblems(
  spec: SensorSpec,
  path: string,
  params: Readonly<Record<string, { default?: JsonValue }>> | null,
): Problem[] {
  if (params === null) return [];
  const declared = Object.keys(params);
  const unknown = Object.keys(spec.params).filter((name) => !declared.includes(name));
  const missing = declared.filter(
    (name) => params[name]?.default === undefined && !Object.hasOwn(spec.params, name),
  );
  const at = (name: string) => pathText(path, ['params', name]);
  return [
    ...unknown.map((name) => ({
      path: at(name),
      message: `the pipeline has no such parameter${didYouMean(name, declared)}`,
    })),
    ...missing.map((name) => ({
      path: at(name),
      message:
        'is required by the pipeline: give it here, such as "{{ ending.runId }}", or give it a default',
    })),
  ];
}
