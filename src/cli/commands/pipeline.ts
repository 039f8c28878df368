import type { Command } from 'commander';
import { collect, examples, type Perform } from '../command.js';
import { addKeyOptions, idOptions, type KeyOptions } from '../input/key-options.js';
import { FILE_ARGUMENT, type FileOptions, readPipelineFile } from '../input/pipeline-file.js';
import { withClient } from '../session.js';
import { tellStarted } from '../view/started.js';

interface PipelineOptions extends FileOptions, KeyOptions {
  wait?: true;
}

export function addPipeline(program: Command, perform: Perform): void {
  const pipeline = program
    .command('pipeline')
    .summary('run a pipeline')
    .description('Starts a hexPipeline workflow from a pipeline file. Prints the workflow id.')
    .argument('<file>', FILE_ARGUMENT)
    .option(
      '-p, --param <name=value>',
      'parameter (repeatable); JSON is taken as JSON, else it is text',
      collect,
    )
    .option('--params-file <file>', 'parameters from a JSON or YAML file; -p wins');
  addKeyOptions(pipeline, 'name of the pipeline')
    .option('--wait', 'wait for the end; the exit code tells how it went')
    .addHelpText(
      'after',
      examples(
        'temporal-hex pipeline examples/etl.yaml --wait',
        'temporal-hex pipeline examples/etl.yaml -p date=2026-01-31 --workflow-id etl-2026-01-31',
        "temporal-hex pipeline examples/etl.yaml --key 'etl/{{ params.date }}' --if-exists skip",
      ),
    )
    .action((file: string, options: PipelineOptions, command: Command) =>
      perform(command, async (session) => {
        const parsed = await readPipelineFile(file, options);
        const { startParsed } = await import('../../client/start-pipeline.js');
        return withClient(session, async (client) => {
          const handle = await startParsed(client.temporal, client.taskQueue, parsed, idOptions(options));
          return tellStarted(session, client, handle, options);
        });
      }),
    );
}
