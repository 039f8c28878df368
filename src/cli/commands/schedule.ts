import type { Command } from 'commander';
import type { AppliedSchedule, PreviewRow, ScheduleState } from '../../client/schedules/index.js';
import type { TemporalHexClient } from '../../client.js';
import { examples, type Perform } from '../command.js';
import { refuse } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import {
  type ApplyCommandOptions,
  appliedText,
  applyOptions,
  FILES,
  readApplied,
} from '../input/apply-options.js';
import { readUncheckedPipeline } from '../input/pipeline-file.js';
import { instantOption, wholeNumber } from '../input/schedule-options.js';
import { type Output, plain, table } from '../output.js';
import { warnWithoutWorker, withClient } from '../session.js';

const ID = 'of the schedule: the name of its pipeline';

export function addSchedule(program: Command, perform: Perform): void {
  const schedule = program
    .command('schedule')
    .summary('make, list and change the schedules of pipelines')
    .description('Makes Temporal Schedules from the "schedule:" of pipeline files, and works with them.');
  addApply(schedule, perform);
  addCheck(schedule, perform);
  addPreview(schedule, perform);
  addList(schedule, perform);
  addActions(schedule, perform);
}

function addApply(schedule: Command, perform: Perform): void {
  const apply = schedule
    .command('apply')
    .summary('make the schedules equal to the files')
    .description('Creates and updates the schedules of pipeline files. A second time it changes nothing.');
  applyOptions(apply, 'schedules')
    .addHelpText(
      'after',
      examples(
        'temporal-hex schedule apply pipelines/daily-etl.yaml',
        'temporal-hex schedule apply pipelines --prune --dry-run',
      ),
    )
    .action((paths: string[], given: ApplyCommandOptions, command: Command) =>
      perform(command, async (session) => {
        const { sources, options } = await readApplied(paths, given, 'schedules');
        return withClient(session, async (client) => {
          const rows = await client.schedules.apply(sources, options);
          session.output.data(rows, () => appliedText(rows.map(named), session.output));
          if (rows.length === 0) session.output.say('No file has a schedule.');
          else if (!given.dryRun) await warnWithoutWorker(session, client, client.taskQueue);
          return EXIT.ok;
        });
      }),
    );
}

function addCheck(schedule: Command, perform: Perform): void {
  schedule
    .command('check')
    .summary('compare the files of a folder with what is scheduled')
    .description(
      'Plans every pipeline file of a folder and compares its schedules with those of Temporal. Changes nothing. Exit code 1 when they differ, 2 when a file cannot be used.',
    )
    .argument('<folder>', 'folder of pipeline files')
    .addHelpText('after', examples('temporal-hex schedule check pipelines'))
    .action((folder: string, _options: object, command: Command) =>
      perform(command, async (session) => {
        const { planProblems, readScheduleFiles, unresolvedNames } = await import(
          '../input/schedule-files.js'
        );
        const { sources, folders } = await readScheduleFiles([folder]);
        refuse('The files', [...planProblems(sources), ...unresolvedNames(sources)]);
        return withClient(session, async ({ schedules }) => {
          const rows = await schedules.apply(sources, { prune: folders, dryRun: true });
          session.output.data(rows, () => appliedText(rows.map(named), session.output));
          return rows.every(({ action }) => action === 'unchanged') ? EXIT.ok : EXIT.failed;
        });
      }),
    );
}

function addPreview(schedule: Command, perform: Perform): void {
  schedule
    .command('preview')
    .summary('list the next starts of a pipeline file')
    .description(
      'Lists the starts that the schedule of a file means: local time, interval, partition, and what a clock change does. Needs no server.',
    )
    .argument('<file>', 'pipeline file')
    .option(
      '--from <time>',
      'first time: ISO 8601 with Z or an offset, or a date in UTC (default: now)',
      instantOption,
    )
    .option('--to <time>', 'last time, inclusive; a date is its midnight in UTC', instantOption)
    .option('--count <n>', 'at most so many (default: 10, or all up to --to)', wholeNumber)
    .addHelpText(
      'after',
      examples(
        'temporal-hex schedule preview pipelines/daily-etl.yaml',
        'temporal-hex schedule preview pipelines/daily-etl.yaml --from 2026-03-28 --to 2026-03-31 --json',
      ),
    )
    .action((file: string, options: { from?: Date; to?: Date; count?: number }, command: Command) =>
      perform(command, async ({ output }) => {
        const input = await readUncheckedPipeline(file);
        const { previewSchedule } = await import('../../client/schedules/preview.js');
        const rows = previewSchedule({ file, input }, options);
        output.data(rows, () => previewText(rows, output));
        if (rows.length === 0) output.say('The schedule starts nothing in this time.');
        return EXIT.ok;
      }),
    );
}

function addList(schedule: Command, perform: Perform): void {
  schedule
    .command('list')
    .summary('list the schedules of pipelines and runs')
    .description(
      'Lists all schedules that start pipelines or runs, made from files or by hand, and whether they are what their files say: what somebody changed by hand and, with files, what was not applied yet.',
    )
    .argument('[files...]', `${FILES}, to compare with`)
    .addHelpText(
      'after',
      examples('temporal-hex schedule list', 'temporal-hex schedule list pipelines --json'),
    )
    .action((paths: string[], _options: object, command: Command) =>
      perform(command, async (session) => {
        const { readScheduleFiles } = await import('../input/schedule-files.js');
        const { sources, folders } = await readScheduleFiles(paths);
        return withClient(session, async (client) => {
          const rows = await client.schedules.list({ files: sources, folders });
          session.output.data(rows, () => listText(rows, session.output));
          await warnWithoutWorker(session, client, ...rows.map(({ taskQueue }) => taskQueue));
          return EXIT.ok;
        });
      }),
    );
  schedule
    .command('describe')
    .summary('show one schedule')
    .description('Shows how a schedule stands.')
    .argument('<schedule>', ID)
    .addHelpText('after', examples('temporal-hex schedule describe daily-etl'))
    .action((id: string, _options: object, command: Command) =>
      perform(command, async (session) =>
        withClient(session, async ({ schedules }) => {
          const state = await schedules.describe(id);
          session.output.data(state, () => table(Object.entries(state).map(([k, v]) => [k, shown(v)])));
          return EXIT.ok;
        }),
      ),
    );
}

type Schedules = TemporalHexClient['schedules'];

/** What is done with one schedule: its words, and how. */
const ACTIONS = {
  pause: [
    'start nothing more until it is resumed',
    'Paused',
    (s: Schedules, id: string, note?: string) => s.pause(id, note),
  ],
  resume: ['start again', 'Resumed', (s: Schedules, id: string, note?: string) => s.resume(id, note)],
  trigger: [
    'start one run now, of the newest partition',
    'Triggered',
    (s: Schedules, id: string) => s.trigger(id),
  ],
  delete: [
    'delete a schedule; what it has started goes on',
    'Deleted',
    (s: Schedules, id: string) => s.delete(id),
  ],
} as const;

function addActions(schedule: Command, perform: Perform): void {
  for (const [name, [does, done, act]] of Object.entries(ACTIONS)) {
    const command = schedule
      .command(name)
      .summary(does)
      .description(`${does.charAt(0).toUpperCase()}${does.slice(1)}.`)
      .argument('<schedule>', ID)
      .addHelpText('after', examples(`temporal-hex schedule ${name} daily-etl`));
    if (name === 'pause' || name === 'resume') command.option('--note <text>', 'why');
    command.action((id: string, { note }: { note?: string }, self: Command) =>
      perform(self, async (session) =>
        withClient(session, async ({ schedules }) => {
          await act(schedules, id, note);
          session.output.data({ schedule: id, action: name }, () => `${done} ${plain(id)}`);
          return EXIT.ok;
        }),
      ),
    );
  }
}

const shown = (value: unknown) => plain(typeof value === 'string' ? value : JSON.stringify(value));

const named = ({ schedule, ...row }: AppliedSchedule) => ({ ...row, name: schedule });

function previewText(rows: readonly PreviewRow[], { colors }: Output): string {
  const head = ['LOCAL TIME', 'SCHEDULED (UTC)', 'INTERVAL FROM', 'PARTITION', 'NOTE'].map((t) =>
    colors.dim(t),
  );
  const cells = rows.map((row) => [
    row.localTime,
    row.scheduledTime,
    row.intervalStart,
    row.partition,
    row.note ?? '',
  ]);
  return table([head, ...cells]);
}

/** Missed starts that nothing has filled; what Temporal has counted where no keeper answers. */
function missedText({ missedStarts, missed }: ScheduleState): string {
  if (missedStarts === null) return missed === 0 ? '-' : `${missed}?`;
  const count = missedStarts.reduce((sum, one) => sum + one.count, 0);
  const [first, last] = [missedStarts[0]?.from, missedStarts.at(-1)?.to];
  return count === 0 ? '0' : plain(first === last ? `${count}: ${first}` : `${count}: ${first} to ${last}`);
}

function driftText({ drift }: ScheduleState, colors: Output['colors']): string {
  if (!drift) return '-';
  if (drift.state === 'same') return drift.state;
  const count = drift.changes.length;
  return colors.yellow(count > 0 ? `${drift.state} (${count})` : drift.state);
}

function listText(rows: readonly ScheduleState[], { colors }: Output): string {
  const head = ['SCHEDULE', 'NEXT', 'LAST', 'MISSED', 'SKIPPED', 'STATE', 'DRIFT', 'OWNER', 'FILE'].map((t) =>
    colors.dim(t),
  );
  const cells = rows.map((row) => [
    plain(row.schedule),
    row.next ?? '-',
    row.last ? `${row.last.scheduledTime.slice(0, 16)} ${row.last.status.toLowerCase()}` : '-',
    missedText(row),
    String(row.skipped),
    row.paused ? colors.yellow('paused') : 'active',
    driftText(row, colors),
    plain(row.owner ?? '-'),
    plain(row.file ?? 'by hand'),
  ]);
  return table([head, ...cells]);
}
