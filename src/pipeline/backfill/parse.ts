/** Reads the input of `hexBackfill`. Lives behind boundary.ts: everything exported here is a function. */
import { isObject, type JsonObject, type JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { readFields } from '../../run/schema-problems.js';
import { readPipelineInput } from '../definition/parse.js';
import type { PipelineRequest } from '../definition/spec.js';
import type { BackfillSpec } from './input.js';
import { type BackfillFields, backfillInputSchema, toBackfillSpec } from './schema.js';

const schema = backfillInputSchema();

/** A backfill after parsing. */
export interface BackfillRequest {
  /** The pipeline; its `spec` is null where it has to be loaded by its name. */
  request: PipelineRequest;
  spec: BackfillSpec;
}

/** Reads the input of `hexBackfill`; every problem at once. */
export function readBackfillInput(raw: JsonValue): Parsed<BackfillRequest> {
  if (!isObject(raw) || raw.pipeline === undefined)
    return failed([
      {
        path: '',
        message:
          'the input must be an object such as {"pipeline": <definition or name>, "from": "2026-01-01", "to": "2026-01-31"}',
      },
    ]);
  const { fields, problems } = readFields(raw, '', schema);
  const { pipeline, params = {} } = raw;
  const read = readPipelineInput({ pipeline, params });
  const found = [
    ...problems,
    ...rangeProblems(raw),
    ...dimensionProblems(fields as BackfillFields, params),
    ...(read.ok ? [] : read.problems),
  ];
  if (found.length > 0 || !read.ok) return failed(found);
  return { ok: true, value: { request: read.value, spec: toBackfillSpec(fields as BackfillFields) } };
}

/** By what was given, whether or not that can be used. */
function rangeProblems({ from, to, partitions }: JsonObject): Problem[] {
  if (partitions !== undefined)
    return from !== undefined || to !== undefined
      ? [{ path: 'partitions', message: 'stands instead of from and to: leave one out' }]
      : [];
  const missing = [from === undefined ? 'from' : null, to === undefined ? 'to' : null];
  return missing.flatMap((path) =>
    path
      ? [{ path, message: 'is required: a partition such as 2026-01-31; or name them in partitions' }]
      : [],
  );
}

function dimensionProblems({ dimensions }: BackfillFields, params: JsonValue): Problem[] {
  return Object.keys(isObject(dimensions) ? dimensions : {})
    .filter((name) => isObject(params) && Object.hasOwn(params, name))
    .map((name) => ({ path: `params.${name}`, message: 'is a dimension: its values are given there' }));
}

const failed = (problems: Problem[]): Parsed<never> => ({ ok: false, problems });
