import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { type Command, Option } from 'commander';
import { isObject, type JsonValue, valueAt } from '../../base/json.js';
import type { BackfillPlan, ListedBackfill } from '../../client/backfills/index.js';
import type { BackfillProgress } from '../../contract/backfill.js';
import {
  type BackfillInput,
  type BackfillOrder,
  ON_FAILURE,
  type OnBackfillFailure,
  ORDERS,
  REPROCESS,
  type Reprocess,
} from '../../pipeline/backfill/input.js';
import { BACKFILL_UNITS, type BackfillUnit } from '../../schedule/index.js';
import { collect, examples, type Perform } from '../command.js';
import { refuse } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { readParams } from '../input/params.js';
import { declaredTypes, readUncheckedPipeline } from '../input/pipeline-file.js';
import { wholeNumber } from '../input/schedule-options.js';
import { type Output, plain, table } from '../output.js';
import { withClient } from '../session.js';
import { tellStarted } from '../view/started.js';

interface RangeOptions {
  from?: string;
  to?: string;
  partitions?: string;
  every?: BackfillUnit;
  reprocess?: Reprocess;
  order?: BackfillOrder;
  maxActive?: number;
  onFailure?: OnBackfillFailure;
  param?: string[];
  paramsFile?: string;
}

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

function rangeOptions(command: Command): Command {
  return command
    .argument('<pipeline>', 'pipeline file, or the name of a pipeline in the folder of the worker')
    .option('--from <partition>', 'first partition, inclusive, such as 2026-01-01 or 2026-01')
    .option('--to <partition>', 'last partition, inclusive')
    .option('--partitions <list>', 'these partitions, separated by commas, instead of --from and --to')
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
    .option('--max-active <n>', 'at most so many at once (default: 1)', wholeNumber)
    .addOption(
      new Option(
        '--on-failure <what>',
        'what a failed partition does to the others (default: continue)',
      ).choices(ON_FAILURE),
    )
    .option('-p, --param <name=value>', 'parameter of every run (repeatable)', collect)
    .option('--params-file <file>', 'parameters from a JSON or YAML file; -p wins');
}

function addPlan(backfill: Command, perform: Perform): void {
  rangeOptions(
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
    .action((pipeline: string, options: RangeOptions, command: Command) =>
      perform(command, async (session) => {
        const input = await inputOf(pipeline, options);
        return withClient(session, async ({ backfills }) => {
          const plan = await backfills.plan(input);
          session.output.data(plan, () => planText(plan, session.output));
          return EXIT.ok;
        });
      }),
    );
}

function addStart(backfill: Command, perform: Perform): void {
  rangeOptions(
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
      ),
    )
    .action(
      (pipeline: string, options: RangeOptions & { workflowId?: string; wait?: true }, command: Command) =>
        perform(command, async (session) => {
          const input = await inputOf(pipeline, options);
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

function addActions(backfill: Command, perform: Perform): void {
  const action = (
    name: 'pause' | 'resume' | 'cancel' | 'retry',
    summary: string,
    description: string,
    said: (id: string, other: string) => string,
  ) =>
    backfill
      .command(name)
      .summary(summary)
      .description(description)
      .argument('<workflow-id>', ID)
      .addHelpText('after', examples(`temporal-hex backfill ${name} daily-etl-backfill-1f2e3d4c`))
      .action((workflowId: string, _options: object, command: Command) =>
        perform(command, async (session) =>
          withClient(session, async ({ backfills }) => {
            const id = (await backfills[name](workflowId)) ?? workflowId;
            session.output.data({ workflowId: id }, () => (name === 'retry' ? id : ''));
            session.output.say(said(workflowId, id));
            return EXIT.ok;
          }),
        ),
      );
  action(
    'pause',
    'start no more partitions',
    'Starts no more partitions; those that run go on.',
    (id) => `Paused ${id}.`,
  );
  action('resume', 'go on after a pause', 'Goes on after a pause.', (id) => `Resumed ${id}.`);
  action(
    'cancel',
    'stop a backfill and its runs in Hex',
    'Starts no more partitions and cancels those that run, in Hex too. A later backfill goes on where it stopped.',
    (id) => `Asked ${id} to stop.`,
  );
  action(
    'retry',
    'run the failed partitions again',
    'Runs the failed partitions again: in the backfill while it runs, else in a new one. Prints its workflow id.',
    (id, other) => (id === other ? `${id} runs its failed partitions again.` : `Started ${other}.`),
  );
}

async function inputOf(pipeline: string, options: RangeOptions): Promise<BackfillInput> {
  const { param, paramsFile, partitions, ...range } = options;
  const isFile = existsSync(pipeline) || /\.(ya?ml|json)$/.test(pipeline);
  const document = isFile ? ((await readUncheckedPipeline(pipeline)) as unknown as JsonValue) : null;
  const { params, problems } = await readParams({
    pairs: param,
    file: paramsFile,
    ...(document !== null && { typeOf: declaredTypes(document) }),
  });
  refuse('The options', problems);
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
      ? { ...written, ...(isObject(scheduled) ? scheduled : {}), ...params }
      : written,
    ...fieldsOf(range),
    ...(partitions !== undefined && { partitions: partitions.split(',').map((one) => one.trim()) }),
  };
  return input as unknown as BackfillInput;
}

/** Only what `hexBackfill` knows: the command has options of its own. */
function fieldsOf({ from, to, every, reprocess, order, maxActive, onFailure }: RangeOptions) {
  const fields = { from, to, every, reprocess, order, maxActive, onFailure };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A definition without a name is called after its file, as its schedule is. */
function named(definition: JsonValue | undefined, file: string): JsonValue | undefined {
  const name = basename(file, extname(file));
  if (Array.isArray(definition)) return { name, steps: definition };
  return isObject(definition) && definition.name === undefined ? { ...definition, name } : definition;
}

function planText(
  { partitions, runs, reads, kernelMinutes, endsAbout }: BackfillPlan,
  { colors }: Output,
): string {
  const head = ['PARTITION', 'SCHEDULED (UTC)', 'STATE', ''].map((title) => colors.dim(title));
  const rows = partitions.map(({ partition, scheduledTime, state, willRun }) => [
    partition,
    scheduledTime.slice(0, 16).replace('T', ' '),
    state,
    willRun ? colors.green('runs') : '',
  ]);
  const ends = endsAbout ? `, ends about ${endsAbout.slice(0, 16).replace('T', ' ')} UTC` : '';
  const sum = `${runs} of ${partitions.length} partitions would run: about ${reads} reads, ${kernelMinutes} kernel minutes${ends}`;
  return `${table([head, ...rows])}\n${sum}`;
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
    ...active.map(({ partition, workflowId }) => `runs    ${partition}  ${plain(workflowId)}`),
    ...failures.map(({ partition, message }) => `failed  ${partition}  ${plain(message)}`),
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
