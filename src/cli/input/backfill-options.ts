import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { type Command, Option } from 'commander';
import { isObject, type JsonValue, valueAt } from '../../base/json.js';
import type { Problem } from '../../base/problems.js';
import {
  type BackfillInput,
  type BackfillOrder,
  type DimensionValue,
  MOST_ACTIVE,
  ON_FAILURE,
  type OnBackfillFailure,
  ORDERS,
  REPROCESS,
  type Reprocess,
} from '../../pipeline/backfill/input.js';
import { BACKFILL_UNITS, type BackfillUnit } from '../../schedule/index.js';
import { collect } from '../command.js';
import { refuse } from '../errors.js';
import { paramValue, readParams } from './params.js';
import { declaredTypes, readUncheckedPipeline } from './pipeline-file.js';
import { wholeNumberUpTo } from './schedule-options.js';

export interface BackfillOptions {
  from?: string;
  to?: string;
  partitions?: string;
  dimension?: string[];
  every?: BackfillUnit;
  reprocess?: Reprocess;
  order?: BackfillOrder;
  maxActive?: number;
  onFailure?: OnBackfillFailure;
  param?: string[];
  paramsFile?: string;
}

/** How many partitions are run at once. */
export const maxActiveOption = (what: string) =>
  new Option('--max-active <n>', `${what}, 1 to ${MOST_ACTIVE} (default: 1)`).argParser(
    wholeNumberUpTo(MOST_ACTIVE),
  );

/** What to run a pipeline for, and how. */
export function backfillOptions(command: Command): Command {
  return command
    .argument('<pipeline>', 'pipeline file, or the name of a pipeline in the folder of the worker')
    .option('--from <partition>', 'first partition, inclusive, such as 2026-01-01 or 2026-01')
    .option('--to <partition>', 'last partition, inclusive')
    .option(
      '--partitions <list>',
      'these partitions, separated by commas, instead of --from and --to; any texts where the pipeline has no schedule',
    )
    .option(
      '--dimension <name=values>',
      'a run for each date and each of these values of a parameter, such as region=emea,apac (repeatable)',
      collect,
    )
    .addOption(
      new Option('--every <unit>', 'the plain calendar, instead of the schedule of the pipeline').choices(
        BACKFILL_UNITS,
      ),
    )
    .addOption(
      new Option(
        '--reprocess <which>',
        'which partitions that have run are run again (default: none)',
      ).choices(REPROCESS),
    )
    .addOption(new Option('--order <order>', 'which first (default: oldest)').choices(ORDERS))
    .addOption(maxActiveOption('at most so many at once'))
    .addOption(
      new Option(
        '--on-failure <what>',
        'what a failed partition does to the others (default: continue)',
      ).choices(ON_FAILURE),
    )
    .option('-p, --param <name=value>', 'parameter of every run (repeatable)', collect)
    .option('--params-file <file>', 'parameters from a JSON or YAML file; -p wins');
}

/** The input of `hexBackfill` that the options mean. */
export async function backfillInput(pipeline: string, options: BackfillOptions): Promise<BackfillInput> {
  const { param, paramsFile, partitions, dimension = [], ...range } = options;
  const isFile = existsSync(pipeline) || /\.(ya?ml|json)$/.test(pipeline);
  const document = isFile ? ((await readUncheckedPipeline(pipeline)) as unknown as JsonValue) : null;
  const { params, problems } = await readParams({
    pairs: param,
    file: paramsFile,
    ...(document !== null && { typeOf: declaredTypes(document) }),
  });
  const dimensions = dimensionsOf(dimension, document);
  refuse('The options', [...problems, ...dimensions.problems]);
  const isLong = isObject(document) && document.pipeline !== undefined;
  const { pipeline: inside, params: written = {}, ...others } = isLong ? document : { pipeline: document };
  const definition = isFile ? named(inside, pipeline) : pipeline;
  // As its schedule would start it: there, the schedule's own parameters win over those of the file.
  const scheduled = valueAt(definition, ['schedule', 'params']);
  // What a backfill has no use for, such as a key, and parameters that are none are refused where this is parsed.
  const input = {
    ...others,
    pipeline: definition,
    params: isObject(written)
      ? { ...without(dimensions.value, { ...written, ...(isObject(scheduled) ? scheduled : {}) }), ...params }
      : written,
    ...(dimension.length > 0 && { dimensions: dimensions.value }),
    ...fieldsOf(range),
    ...(partitions !== undefined && { partitions: partitions.split(',').map((one) => one.trim()) }),
  };
  return input as unknown as BackfillInput;
}

/** `region=emea,apac`, its values as `-p region=emea` would give them. */
function dimensionsOf(given: readonly string[], document: JsonValue) {
  const typeOf = declaredTypes(document);
  const problems: Problem[] = [];
  const value: Record<string, DimensionValue[]> = {};
  for (const one of given) {
    const [, name, values] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    if (name === undefined || values === undefined) {
      const message = 'must be name=value,value, such as --dimension region=emea,apac';
      problems.push({ path: `--dimension ${one}`, message });
      continue;
    }
    value[name] = values.split(',').map((text) => {
      const read = paramValue(text.trim(), typeOf(name));
      return (read.ok ? read.value : text.trim()) as DimensionValue;
    });
  }
  return { value, problems };
}

/** What a file or its schedule says of a parameter makes room for the values of its dimension. */
const without = (dimensions: Record<string, unknown>, params: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !Object.hasOwn(dimensions, name)));

/** Only what `hexBackfill` knows: the command has options of its own. */
function fieldsOf({ from, to, every, reprocess, order, maxActive, onFailure }: BackfillOptions) {
  const fields = { from, to, every, reprocess, order, maxActive, onFailure };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A definition without a name is called after its file, as its schedule is. */
function named(definition: JsonValue | undefined, file: string): JsonValue | undefined {
  const name = basename(file, extname(file));
  if (Array.isArray(definition)) return { name, steps: definition };
  return isObject(definition) && definition.name === undefined ? { ...definition, name } : definition;
}
