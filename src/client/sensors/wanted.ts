import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import { sizeProblems } from '../../base/input-size.js';
import type { Problem } from '../../base/problems.js';
import type { SensorMark } from '../../contract/sensor.js';
import { parsePipelineInput } from '../../pipeline/boundary.js';
import type { HexPipelineInput, PipelineDefinition } from '../../pipeline/definition/definition.js';
import type { PipelineRequest } from '../../pipeline/definition/spec.js';
import { planPipeline } from '../../pipeline/preview/plan-summary.js';
import type { Ending, SensorSpec } from '../../pipeline/sensor/definition.js';
import type { SensorInput } from '../../pipeline/sensor/input.js';
import { renderValue } from '../../templates/values.js';
import { keptName } from '../apply/options.js';
import { isLong } from '../schedule-zone.js';
import { SensorError } from './errors.js';

/** A pipeline file, for `apply`. */
export interface SensorSource {
  /** Names the file in messages, and the pipeline where it has no name of its own. */
  file: string;
  /** What it holds. A file without `on` is passed over. */
  input: HexPipelineInput;
}

/** A sensor that a file asks for. */
export interface WantedSensor {
  file: string;
  name: string;
  mark: SensorMark & { file: string };
  input: SensorInput;
}

/** The sensors that files ask for, checked as far as the first start of each would be. Throws {@link SensorError} with every problem. */
export function wantedSensors(sources: readonly SensorSource[]): WantedSensor[] {
  const problems: Problem[] = [];
  const wanted = sources.flatMap((source) => {
    const { wanted: one, problems: own } = wantedOf(source);
    problems.push(
      ...own.map(({ path, message }) => ({ path: path ? `${source.file}: ${path}` : source.file, message })),
    );
    return one ? [one] : [];
  });
  for (const [index, { file, name }] of wanted.entries()) {
    const other = wanted.slice(0, index).find((one) => one.name === name);
    if (other)
      problems.push({
        path: `${file}: name`,
        message: `"${name}" is the name in ${other.file} too: sensors are told apart by it`,
      });
  }
  if (problems.length > 0) throw new SensorError(problems);
  return wanted;
}

function wantedOf({ file, input }: SensorSource): { wanted?: WantedSensor; problems: readonly Problem[] } {
  const parsed = parsePipelineInput(input);
  if (!parsed.ok) return parsed;
  const { spec } = parsed.value;
  if (!spec?.on) return { problems: [] };
  const name = spec.name === 'pipeline' ? basename(file, extname(file)) : spec.name;
  const sensor: SensorInput = { pipeline: { ...definitionIn(input), name } };
  const problems = [
    ...surplusProblems(input),
    ...sizeProblems(sensor),
    ...startProblems(parsed.value, spec.on),
  ];
  const sha256 = createHash('sha256').update(JSON.stringify(sensor)).digest('hex');
  return { wanted: { file, name, mark: { file: keptName(file), sha256 }, input: sensor }, problems };
}

/** What a sensor starts has its parameters from `on.params` only. */
function surplusProblems(input: HexPipelineInput): Problem[] {
  if (!isLong(input)) return [];
  return Object.keys(input)
    .filter((field) => field !== 'pipeline')
    .map((path) => ({ path, message: 'must stand in the definition, which is what a sensor starts' }));
}

/** What would be wrong with a start for an ending such as this. */
function startProblems(request: PipelineRequest, on: SensorSpec): readonly Problem[] {
  const ending = exampleOf(on);
  const rendered = renderValue(on.params, { ending, endings: [ending] }, 'on.params');
  if (rendered.problems.length > 0) return rendered.problems;
  const params = rendered.value as PipelineRequest['params'];
  const planned = planPipeline({ ...request, params }, { scheduledTime: ending.endTime });
  if (planned.ok) return [];
  return planned.problems.map(({ path, message }) => ({
    path: path.startsWith('params.') ? `on.${path}` : path,
    message,
  }));
}

function exampleOf({ projects: [projectId = ''] }: SensorSpec): Ending {
  const runId = '00000000-0000-4000-8000-000000000000';
  const endTime = new Date().toISOString();
  return {
    projectId,
    runId,
    runUrl: `https://app.hex.tech/${runId}`,
    status: 'COMPLETED',
    trigger: 'SCHEDULED',
    projectVersion: '1',
    startTime: endTime,
    endTime,
  };
}

function definitionIn(input: HexPipelineInput): PipelineDefinition {
  const inside = isLong(input) ? input.pipeline : input;
  return (Array.isArray(inside) ? { steps: inside } : inside) as PipelineDefinition;
}
