import type { Command } from 'commander';
import type { HexRunInput, OnStop } from '../../run/input.js';
import type { RunNotifyEvent } from '../../run/notify.js';
import { collect, examples, type Perform } from '../command.js';
import { refuse } from '../errors.js';
import { addKeyOptions, idOptions, type KeyOptions, keyFields } from '../input/key-options.js';
import { readParams } from '../input/params.js';
import { withClient } from '../session.js';
import { tellStarted } from '../view/started.js';

interface RunOptions extends KeyOptions {
  param?: string[];
  paramsFile?: string;
  timezone?: string;
  view?: string;
  timeout?: string;
  pendingTimeout?: string;
  onCancel?: string;
  onTimeout?: string;
  updateCache?: true;
  cache: boolean;
  killRunning?: true;
  dryRun?: true;
  connection?: string;
  notify?: string[];
  wait?: true;
}

export function addRun(program: Command, perform: Perform): void {
  const run = program
    .command('run')
    .summary('run one published Hex project')
    .description('Starts a hexRun workflow: one run of one published Hex project. Prints the workflow id.')
    .argument('<project>', 'id of the project')
    .option(
      '-p, --param <name=value>',
      'input parameter (repeatable); JSON is taken as JSON, else it is text; templates over "run" are filled in',
      collect,
    )
    .option(
      '--params-file <file>',
      'input parameters from a JSON or YAML file, "-" for standard input; -p wins',
    )
    .option('--timezone <name>', 'time zone of {{ run.date }}, such as Europe/Berlin (default: UTC)')
    .option('--view <id>', 'saved view whose inputs are used')
    .option(
      '--timeout <duration>',
      'time limit of the Hex run: 30s, 10m, 1h, or auto: by earlier runs (default: 1h)',
    )
    .option(
      '--pending-timeout <duration>',
      'longest time that the run may stay PENDING in Hex: 30s, 10m (default: none)',
    )
    .option('--on-cancel <choice>', 'what a cancel does to the run in Hex: cancel or leave (default: cancel)')
    .option('--on-timeout <choice>', 'what the time limit does to it: cancel or leave (default: cancel)')
    .option('--update-cache', 'publish the results in the app (default without inputs and view)')
    .option('--no-cache', 'do not let Hex answer SQL from its cache')
    .option('--kill-running', "first cancel the project's pending and running runs")
    .option('--dry-run', 'let Hex check the request and start nothing')
    .option('--connection <name>', "connection of the worker's environment (default: default)")
    .option(
      '--notify <webhook[=events]>',
      'tell this webhook of the worker (repeatable): ops, or ops=success,failure,cancelled (default: failure)',
      collect,
    );
  addKeyOptions(run, 'project id')
    .option('--wait', 'wait for the end; the exit code tells how it went')
    .addHelpText(
      'after',
      examples(
        'temporal-hex run 5a8591dd-4039-49df-9202-96385ba3eff8 --wait',
        'temporal-hex run extract-project-id -p date=2026-01-31 -p limit=100 -p "regions=[\\"emea\\"]" --wait',
        "temporal-hex run extract-project-id -p date='{{ run.date }}' --timezone Europe/Berlin",
        'temporal-hex run load-project-id --timeout 10m --json --wait | jq -r .runUrl',
      ),
    )
    .action((projectId: string, options: RunOptions, command: Command) =>
      perform(command, async (session) => {
        const input = await inputOf(projectId, options);
        return withClient(session, async (client) => {
          const handle = await client.startRun(input, idOptions(options));
          return tellStarted(session, client, handle, options);
        });
      }),
    );
}

/** `ops` or `ops=success,failure`; the parser of the input says what is wrong with either part. */
function notifyOf(text: string): NonNullable<HexRunInput['notify']>[number] {
  const [to = '', events] = text.split('=', 2);
  return { to, ...(events !== undefined && { on: events.split(',') as RunNotifyEvent[] }) };
}

async function inputOf(projectId: string, options: RunOptions): Promise<HexRunInput> {
  const { param, paramsFile, timezone, view, timeout, pendingTimeout, onCancel, onTimeout, ...others } =
    options;
  const { updateCache, cache, killRunning, dryRun, connection, notify } = others;
  const { params: inputParams, problems } = await readParams({ pairs: param, file: paramsFile });
  const input: HexRunInput = {
    projectId,
    ...(inputParams && { inputParams }),
    ...(timezone !== undefined && { timezone }),
    ...(view !== undefined && { viewId: view }),
    ...(timeout !== undefined && { timeout }),
    ...(pendingTimeout !== undefined && { pendingTimeout }),
    ...(onCancel !== undefined && { onCancel: onCancel as OnStop }),
    ...(onTimeout !== undefined && { onTimeout: onTimeout as OnStop }),
    ...(updateCache && { updateCache }),
    ...(!cache && { useCachedSqlResults: false }),
    ...(killRunning && { killRunning }),
    ...(dryRun && { dryRun }),
    ...(connection !== undefined && { connection }),
    ...(notify && { notify: notify.map(notifyOf) }),
    ...keyFields(options),
  };
  const [{ prepareRun }, { sizeProblems }] = await Promise.all([
    import('../../pipeline/boundary.js'),
    import('../../base/input-size.js'),
  ]);
  const now = new Date();
  const parsed = prepareRun(input, {
    scheduledTime: now,
    startTime: now,
    workflowId: options.workflowId ?? 'run',
  });
  refuse('The run', [...problems, ...(parsed.ok ? sizeProblems(input) : parsed.problems)]);
  return input;
}
