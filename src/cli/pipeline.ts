import type { Command } from 'commander';
import type { TemporalHexClient } from '../client.js';
import { isObject, type JsonValue } from '../pipeline/json.js';
import type { Problem } from '../pipeline/problems.js';
import { collect, examples, type Perform } from './command.js';
import { refuse } from './errors.js';
import { readParams } from './params.js';
import { readDocument } from './read-document.js';
import { withClient } from './session.js';
import { tellStarted } from './started.js';

type PipelineInput = Parameters<TemporalHexClient['startPipeline']>[0];

interface PipelineOptions {
  param?: string[];
  paramsFile?: string;
  workflowId?: string;
  wait?: true;
}

export function addPipeline(program: Command, perform: Perform): void {
  program
    .command('pipeline')
    .summary('run a pipeline')
    .description('Starts a hexPipeline workflow from a pipeline file. Prints the workflow id.')
    .argument(
      '<file>',
      'JSON or YAML file: a definition, a list of steps, or {pipeline, params}; "-" for standard input',
    )
    .option(
      '-p, --param <name=value>',
      'parameter (repeatable); JSON is taken as JSON, else it is text',
      collect,
    )
    .option('--params-file <file>', 'parameters from a JSON or YAML file; -p wins')
    .option('--workflow-id <id>', 'id of the workflow (default: name of the pipeline and a random one)')
    .option('--wait', 'wait for the end; the exit code tells how it went')
    .addHelpText(
      'after',
      examples(
        'temporal-hex pipeline examples/etl.yaml --wait',
        'temporal-hex pipeline examples/etl.yaml -p date=2026-01-31 --workflow-id etl-2026-01-31',
      ),
    )
    .action((file: string, options: PipelineOptions, command: Command) =>
      perform(command, async (session) => {
        const input = await pipelineInput(file, options.param, options.paramsFile);
        return withClient(session, async (client) => {
          const handle = await client.startPipeline(input, { workflowId: options.workflowId });
          return tellStarted(session, client, handle, options.wait ?? false);
        });
      }),
    );
}

/** The content of a pipeline file with parameters, checked. */
export async function pipelineInput(
  file: string,
  pairs: readonly string[] | undefined,
  paramsFile?: string,
): Promise<PipelineInput> {
  const document = await readDocument(file);
  const { params, problems } = await readParams(pairs, paramsFile);
  const input = withParams(document, params);
  refuse('The pipeline', [...problems, ...(await problemsOf(input))]);
  return input as unknown as PipelineInput;
}

/** What can be known before it is started: the workflow checks the same again, with its own date. */
async function problemsOf(input: JsonValue): Promise<Problem[]> {
  const { parsePipelineInput, prepare } = await import('../pipeline/boundary.js');
  const parsed = parsePipelineInput(input);
  if (!parsed.ok) return parsed.problems;
  const { spec, params } = parsed.value;
  if (spec === null) return [];
  const now = new Date().toISOString();
  const { name, timezone } = spec;
  const run = {
    scheduledTime: now,
    startTime: now,
    date: now.slice(0, 10),
    timezone,
    workflowId: name,
    pipeline: name,
  };
  const prepared = prepare(spec, params, run);
  return prepared.ok ? [] : prepared.problems;
}

function withParams(document: JsonValue, params: Record<string, JsonValue> | undefined): JsonValue {
  if (!params) return document;
  if (isObject(document) && document.pipeline !== undefined && document.steps === undefined) {
    const given = isObject(document.params) ? document.params : {};
    return { ...document, params: { ...given, ...params } } as JsonValue;
  }
  return { pipeline: document, params };
}
