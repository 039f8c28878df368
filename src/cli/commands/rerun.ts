import type { Command } from 'commander';
import type { RerunOptions, RerunPlan } from '../../client/rerun/index.js';
import { collect, examples, type Perform } from '../command.js';
import { refuse } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { readParams } from '../input/params.js';
import type { Output } from '../output.js';
import { withClient } from '../session.js';
import { tellStarted } from '../view/started.js';

interface RerunCommandOptions {
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
    .argument('<workflow-id>', 'of the pipeline that has ended')
    .option('--from <step>', 'run this step and all that depends on it again (repeatable)', collect)
    .option(
      '--set <name=value>',
      'another value of a parameter (repeatable): what uses it is run again',
      collect,
    )
    .option('--run-id <id>', 'execution to repeat, where the workflow id has several (default: the newest)')
    .option('--workflow-id <id>', 'id of the new workflow (default: <workflow-id>-rerun-<n>)')
    .option('--dry-run', 'say what would be run, and start nothing')
    .option('--wait', 'wait for the end; the exit code tells how it went')
    .addHelpText(
      'after',
      examples(
        'temporal-hex rerun etl-2026-01-31 --wait',
        'temporal-hex rerun etl-2026-01-31 --from transform --set limit=100 --dry-run',
      ),
    )
    .action((workflowId: string, options: RerunCommandOptions, command: Command) =>
      perform(command, async (session) => {
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
