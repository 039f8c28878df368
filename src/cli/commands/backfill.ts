import type { Command } from 'commander';
import type { BackfillPlan, ListedBackfill } from '../../client/backfills/index.js';
import type { TemporalHexClient } from '../../client.js';
import type { BackfillProgress } from '../../contract/backfill.js';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { type BackfillOptions, backfillInput, backfillOptions } from '../input/backfill-options.js';
import { byOption, type DecisionOptions, decisionOptions, userName } from '../input/decision-options.js';
import { type Output, plain, table } from '../output.js';
import { withClient } from '../session.js';
import { tellStarted } from '../view/started.js';

const ID = 'as "backfill start" prints it';
/** A row of the grid. */
const GRID_WIDTH = 60;

export function addBackfill(program: Command, perform: Perform): void {
  const backfill = program
    .command('backfill')
    .summary('run a pipeline for many dates')
    .description('Runs the partitions of a pipeline that are missing or have failed, each date once.');
  addPlan(backfill, perform);
  addStart(backfill, perform);
  addList(backfill, perform);
  addProgress(backfill, perform);
  addActions(backfill, perform);
}

function addPlan(backfill: Command, perform: Perform): void {
  backfillOptions(
    backfill
      .command('plan')
      .summary('say what a backfill would run')
      .description(
        'Lists the partitions, what their runs have come to, and which of them would be run; starts nothing.',
      ),
  )
    .addHelpText(
      'after',
      examples('temporal-hex backfill plan pipelines/daily-etl.yaml --from 2026-01-01 --to 2026-03-31'),
    )
    .action((pipeline: string, options: BackfillOptions, command: Command) =>
      perform(command, async (session) => {
        const input = await backfillInput(pipeline, options);
        return withClient(session, async ({ backfills }) => {
          const plan = await backfills.plan(input);
          session.output.data(plan, () => planText(plan, session.output));
          return EXIT.ok;
        });
      }),
    );
}

function addStart(backfill: Command, perform: Perform): void {
  backfillOptions(
    backfill
      .command('start')
      .summary('start a backfill')
      .description('Starts a hexBackfill workflow. Prints its workflow id.'),
  )
    .option('--workflow-id <id>', 'id of the workflow (default: <pipeline>-backfill-<random>)')
    .option('--wait', 'wait for the end; the exit code tells how it went')
    .addHelpText(
      'after',
      examples(
        'temporal-hex backfill start pipelines/daily-etl.yaml --from 2026-01-01 --to 2026-03-31 --max-active 4',
        'temporal-hex backfill start daily-etl --from 2026-01 --to 2026-03 --reprocess failed',
        'temporal-hex backfill start daily-etl --from 2026-01 --to 2026-03 --dimension region=emea,apac',
      ),
    )
    .action(
      (pipeline: string, options: BackfillOptions & { workflowId?: string; wait?: true }, command: Command) =>
        perform(command, async (session) => {
          const input = await backfillInput(pipeline, options);
          return withClient(session, async (client) => {
            const handle = await client.backfills.start(input, { workflowId: options.workflowId });
            const { wait } = options;
            if (!wait) return tellStarted(session, client, handle, {});
            session.output.say(`Started ${handle.workflowId}`);
            const result = await handle.result();
            session.output.data(result, () => countsText(result.counts));
            return EXIT.ok;
          });
        }),
    );
}

function addList(backfill: Command, perform: Perform): void {
  backfill
    .command('list')
    .summary('list backfills')
    .description('Lists the newest 100 backfills.')
    .addHelpText('after', examples('temporal-hex backfill list'))
    .action((_options: object, command: Command) =>
      perform(command, async (session) =>
        withClient(session, async ({ backfills }) => {
          const rows = await backfills.list();
          session.output.data(rows, () => listText(rows, session.output));
          if (rows.length === 0) session.output.say('There is no backfill.');
          return EXIT.ok;
        }),
      ),
    );
}

function addProgress(backfill: Command, perform: Perform): void {
  backfill
    .command('progress')
    .summary('show where a backfill stands')
    .description('Shows a backfill as a grid, one character a partition. Needs a worker that is up.')
    .argument('<workflow-id>', ID)
    .addHelpText('after', examples('temporal-hex backfill progress daily-etl-backfill-1f2e3d4c'))
    .action((workflowId: string, _options: object, command: Command) =>
      perform(command, async (session) =>
        withClient(session, async ({ backfills }) => {
          const progress = await backfills.progress(workflowId);
          session.output.data(progress, () => progressText(progress));
          return EXIT.ok;
        }),
      ),
    );
}

type Backfills = TemporalHexClient['backfills'];

interface Action {
  name: string;
  summary: string;
  description: string;
  options: (command: Command) => Command;
  /** May give the id of a backfill that it has started. */
  act(backfills: Backfills, id: string, given: DecisionOptions): Promise<unknown>;
  said(id: string, other: string): string;
}

const ACTIONS: readonly Action[] = [
  {
    name: 'pause',
    summary: 'start no more partitions',
    description: 'Starts no more partitions; those that run go on.',
    options: (command) => decisionOptions(command, 'with the backfill'),
    act: (backfills, id, { by = userName(), reason }) => backfills.pause(id, by, reason),
    said: (id) => `Paused ${id}.`,
  },
  {
    name: 'resume',
    summary: 'go on after a pause',
    description: 'Goes on after a pause.',
    options: byOption,
    act: (backfills, id, { by = userName() }) => backfills.resume(id, by),
    said: (id) => `Resumed ${id}.`,
  },
  {
    name: 'cancel',
    summary: 'stop a backfill and its runs in Hex',
    description:
      'Starts no more partitions and cancels those that run, in Hex too. A later backfill goes on where it stopped.',
    options: (command) => command,
    act: (backfills, id) => backfills.cancel(id),
    said: (id) => `Asked ${id} to stop.`,
  },
  {
    name: 'retry',
    summary: 'run the failed partitions again',
    description:
      'Runs the failed partitions again: in the backfill while it runs, else in a new one. Prints its workflow id.',
    options: byOption,
    act: (backfills, id, { by = userName() }) => backfills.retry(id, by),
    said: (id, other) => (id === other ? `${id} runs its failed partitions again.` : `Started ${other}.`),
  },
];

function addActions(backfill: Command, perform: Perform): void {
  for (const { name, summary, description, options, act, said } of ACTIONS) {
    const command = backfill
      .command(name)
      .summary(summary)
      .description(description)
      .argument('<workflow-id>', ID);
    options(command)
      .addHelpText('after', examples(`temporal-hex backfill ${name} daily-etl-backfill-1f2e3d4c`))
      .action((workflowId: string, given: DecisionOptions, self: Command) =>
        perform(self, async (session) =>
          withClient(session, async ({ backfills }) => {
            const started = await act(backfills, workflowId, given);
            const id = typeof started === 'string' ? started : workflowId;
            session.output.data({ workflowId: id }, () => (name === 'retry' ? id : ''));
            session.output.say(said(workflowId, id));
            return EXIT.ok;
          }),
        ),
      );
  }
}

function planText(
  { partitions, runs, reads, kernelMinutes, endsAbout, assumed }: BackfillPlan,
  { colors }: Output,
): string {
  const head = ['PARTITION', 'SCHEDULED (UTC)', 'STATE', ''].map((title) => colors.dim(title));
  const rows = partitions.map(({ partition, scheduledTime, state, willRun }) => [
    plain(partition),
    scheduledTime?.slice(0, 16).replace('T', ' ') ?? '-',
    state,
    willRun ? colors.green('runs') : '',
  ]);
  const ends = endsAbout ? `, ends about ${endsAbout.slice(0, 16).replace('T', ' ')} UTC` : '';
  const sum = `${runs} of ${partitions.length} partitions would run: about ${reads} reads, ${kernelMinutes} kernel minutes${ends}`;
  const note =
    assumed.length > 0
      ? `\nAssumed 10m 00s a run, for no earlier one is known: ${plain(assumed.join(', '))}`
      : '';
  return `${table([head, ...rows])}\n${sum}${note}`;
}

function listText(rows: readonly ListedBackfill[], { colors }: Output): string {
  if (rows.length === 0) return '';
  const head = ['WORKFLOW', 'PIPELINE', 'STATUS', 'STARTED (UTC)'].map((title) => colors.dim(title));
  return table([
    head,
    ...rows.map(({ workflowId, pipeline, status, startedAt }) => [
      plain(workflowId),
      plain(pipeline ?? '-'),
      status.toLowerCase(),
      startedAt.slice(0, 16).replace('T', ' '),
    ]),
  ]);
}

function progressText(progress: BackfillProgress): string {
  const { pipeline, status, from, to, counts, grid, active, failures, paused } = progress;
  const lines = grid.match(new RegExp(`.{1,${GRID_WIDTH}}`, 'g')) ?? [];
  return [
    `${plain(pipeline)}  ${status}, ${from} to ${to}: ${countsText(counts)}`,
    ...(paused ? [`paused by ${plain(paused.by)}${paused.reason ? `: ${plain(paused.reason)}` : ''}`] : []),
    ...lines.map((line) => `  ${line}`),
    '  . waits  r runs  s succeeded  f failed  c cancelled  - left alone',
    ...active.map(({ partition, workflowId }) => `runs    ${plain(partition)}  ${plain(workflowId)}`),
    ...failures.map(({ partition, message }) => `failed  ${plain(partition)}  ${plain(message)}`),
  ].join('\n');
}

function countsText({
  waiting,
  running,
  success,
  failed,
  cancelled,
  left,
}: BackfillProgress['counts']): string {
  return `${success} succeeded, ${failed} failed, ${cancelled} cancelled, ${running} running, ${waiting} waiting, ${left} left alone`;
}
