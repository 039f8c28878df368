import type { Command } from 'commander';
import type { Problem } from '../../base/problems.js';
import type { RerunOptions, RerunPlan } from '../../client/rerun/index.js';
import { collect, examples, type Perform } from '../command.js';
import { refuse } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { maxActiveOption } from '../input/backfill-options.js';
import { readParams } from '../input/params.js';
import { sinceOption } from '../input/schedule-options.js';
import { type Output, plain, table } from '../output.js';
import { type Session, withClient } from '../session.js';
import { tellStarted } from '../view/started.js';

interface RerunCommandOptions {
  failed?: true;
  pipeline?: string;
  since?: Date;
  maxActive?: number;
  from?: string[];
  set?: string[];
  runId?: string;
  workflowId?: string;
  dryRun?: true;
  wait?: true;
}

export function addRerun(program: Command, perform: Perform): void {
  program
    .command('rerun')
    .summary('run a closed pipeline again from its failed steps')
    .description(
      'Starts a pipeline that has ended, in whatever way, again: the results of its good steps are taken over, the others and all that depends on them are run. Prints the workflow id.',
    )
    .argument('[workflow-id]', 'of the pipeline that has ended')
    .option('--from <step>', 'run this step and all that depends on it again (repeatable)', collect)
    .option(
      '--set <name=value>',
      'another value of a parameter (repeatable): what uses it is run again',
      collect,
    )
    .option('--run-id <id>', 'execution to repeat, where the workflow id has several (default: the newest)')
    .option('--workflow-id <id>', 'id of the new workflow (default: <workflow-id>-rerun-<n>)')
    .option(
      '--failed',
      'instead of one: all dates of --pipeline that have failed --since, in one backfill; prints its workflow id',
    )
    .option('--pipeline <name>', 'with --failed: name of the pipeline')
    .option(
      '--since <time>',
      'with --failed: started no longer ago than a duration such as 7d, or since an ISO 8601 time',
      sinceOption,
    )
    .addOption(maxActiveOption('with --failed: at most so many at once'))
    .option('--dry-run', 'say what would be run, and start nothing')
    .option('--wait', 'wait for the end; the exit code tells how it went')
    .addHelpText(
      'after',
      examples(
        'temporal-hex rerun etl-2026-01-31 --wait',
        'temporal-hex rerun etl-2026-01-31 --from transform --set limit=100 --dry-run',
        'temporal-hex rerun --failed --pipeline daily-etl --since 2026-11-01 --dry-run',
      ),
    )
    .action((workflowId: string | undefined, options: RerunCommandOptions, command: Command) =>
      perform(command, async (session) => {
        refuse('The options', optionProblems(workflowId, options));
        if (workflowId === undefined) return rerunFailed(session, options);
        const choices = await choicesOf(options);
        return withClient(session, async (client) => {
          if (options.dryRun) {
            const plan = await client.previewRerun(workflowId, choices);
            session.output.data(dataOf(plan), () => planLines(plan).join('\n'));
            return EXIT.ok;
          }
          const { handle, plan } = await client.rerun(workflowId, choices);
          sayPlan(session.output, workflowId, plan);
          const { wait } = options;
          return tellStarted(session, client, handle, {
            wait,
            taskQueue: plan.taskQueue,
            data: dataOf(plan),
          });
        });
      }),
    );
}

/** What goes with one pipeline, and what with many. */
function optionProblems(workflowId: string | undefined, options: RerunCommandOptions): Problem[] {
  const problem = (path: string, message: string) => [{ path, message }];
  const { failed, pipeline, since, maxActive, from, set, runId, workflowId: id } = options;
  if (!failed) {
    if (workflowId === undefined)
      return problem('<workflow-id>', 'is required: or give --failed, --pipeline and --since');
    const surplus = { '--pipeline': pipeline, '--since': since, '--max-active': maxActive };
    return given(surplus).flatMap((path) => problem(path, 'goes with --failed'));
  }
  const surplus = { '<workflow-id>': workflowId, '--from': from, '--set': set, '--run-id': runId };
  return [
    ...(pipeline === undefined ? problem('--pipeline', 'is required: the name of the pipeline') : []),
    ...(since === undefined ? problem('--since', 'is required, such as 2026-11-01 or 7d') : []),
    ...given({ ...surplus, '--workflow-id': id }).flatMap((path) =>
      problem(path, 'does not go with --failed'),
    ),
  ];
}

const given = (options: Record<string, unknown>) =>
  Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));

async function rerunFailed(
  session: Session,
  { pipeline = '', since = new Date(0), maxActive, dryRun, wait }: RerunCommandOptions,
): Promise<ExitCode> {
  return withClient(session, async (client) => {
    const { partitions, others, input } = await client.backfills.failed(pipeline, since);
    const { output } = session;
    const rows = partitions.map(({ partition, workflowId }) => [plain(partition), plain(workflowId)]);
    const head = ['PARTITION', 'FAILED AS'];
    for (const id of others) output.say(`Of no date: temporal-hex rerun ${plain(id)}`);
    if (dryRun || !input) {
      output.data({ partitions, others }, () => (rows.length > 0 ? table([head, ...rows]) : ''));
      output.say(`${rows.length} partitions have failed, and would be run again from their failed steps.`);
      return EXIT.ok;
    }
    output.say(table([head, ...rows]));
    const handle = await client.backfills.start({ ...input, ...(maxActive !== undefined && { maxActive }) });
    if (!wait) return tellStarted(session, client, handle, { data: { partitions, others } });
    output.say(`Started ${handle.workflowId}`);
    output.data(await handle.result(), () => handle.workflowId);
    return EXIT.ok;
  });
}

async function choicesOf({ from, set, runId, workflowId }: RerunCommandOptions): Promise<RerunOptions> {
  const { params, problems } = await readParams({ pairs: set, flag: '--set' });
  refuse('The options', problems);
  return {
    ...(from && { from }),
    ...(params && { set: params }),
    ...(runId !== undefined && { runId }),
    ...(workflowId !== undefined && { workflowId }),
  };
}

function dataOf({ name, reused, again, input }: RerunPlan) {
  return { name, reused, again, params: input.params ?? {}, rerunOf: input.rerunOf };
}

function sayPlan(output: Output, workflowId: string, plan: RerunPlan): void {
  output.say(output.talkColors.bold(`Rerun of ${workflowId}`));
  for (const line of planLines(plan)) output.say(`  ${line}`);
}

/** Which steps are taken over, and which are run. A fan-out of which some items were good is in both. */
function planLines({ reused, again }: RerunPlan): string[] {
  const partly = new Set(reused.filter((id) => again.includes(id)));
  const list = (ids: string[]) => ids.join(', ') || 'nothing';
  return [
    `reused  ${list(reused.map((id) => (partly.has(id) ? `${id} (its good items)` : id)))}`,
    `again   ${list(again.map((id) => (partly.has(id) ? `${id} (the other items)` : id)))}`,
  ];
}
