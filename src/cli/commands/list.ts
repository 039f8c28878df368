import { type Command, InvalidArgumentError } from 'commander';
import { formatDuration } from '../../base/duration.js';
import { didYouMean } from '../../base/suggest.js';
import type { ListedPipeline } from '../../client.js';
import { LISTED_STATUSES, type ListedStatus } from '../../executions/query.js';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { sinceOption, wholeNumber } from '../input/schedule-options.js';
import { type Output, plain, table } from '../output.js';
import { warnWithoutWorker, withClient } from '../session.js';

interface Options {
  status?: ListedStatus[];
  since?: Date;
  limit: number;
}

export function addList(program: Command, perform: Perform): void {
  program
    .command('list')
    .summary('list the runs of pipelines')
    .description(
      'Lists executions of pipelines, newest first: what they are about, how they stand, how long they take beside the median of earlier successes, and what started them. Runs of Hex projects that were started by themselves are among them.',
    )
    .argument('[pipeline]', 'name of the pipeline (default: all, and runs that are of none)')
    .option('--status <status>', `one of ${LISTED_STATUSES.join(', ')} (repeatable)`, statusOption)
    .option(
      '--since <time>',
      'started no longer ago than a duration such as 7d, or since an ISO 8601 time',
      sinceOption,
    )
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .addHelpText(
      'after',
      examples(
        'temporal-hex list',
        'temporal-hex list daily-etl --since 30d',
        'temporal-hex list --status failed --status terminated --since 2026-11-01 --json',
      ),
    )
    .action((pipeline: string | undefined, options: Options, command: Command) =>
      perform(command, async (session) =>
        withClient(session, async (client) => {
          const rows = await client.list({
            ...options,
            ...(pipeline === undefined ? { runs: true } : { pipeline }),
          });
          session.output.data(rows, () => listText(rows, session.output));
          if (rows.length === 0) session.output.say('No such run of a pipeline.');
          const open = rows.filter(({ endedAt }) => endedAt === null);
          await warnWithoutWorker(session, client, ...open.map(({ taskQueue }) => taskQueue));
          return EXIT.ok;
        }),
      ),
    );
}

function statusOption(text: string, before: ListedStatus[] = []): ListedStatus[] {
  const status = LISTED_STATUSES.find((one) => one === text);
  if (status) return [...before, status];
  throw new InvalidArgumentError(
    `There is no status "${text}"${didYouMean(text, LISTED_STATUSES)}: it is one of ${LISTED_STATUSES.join(', ')}.`,
  );
}

const HEAD = [
  'PIPELINE',
  'DATE',
  'STATUS',
  'STARTED (UTC)',
  'DURATION',
  'TREND',
  'TRIGGER',
  'OWNER',
  'WORKFLOW',
];

function listText(rows: readonly ListedPipeline[], { colors }: Output): string {
  if (rows.length === 0) return '';
  const minute = (iso: string) => iso.slice(0, 16).replace('T', ' ');
  const colored = (status: ListedStatus) => {
    if (status === 'success') return colors.green(status);
    if (['failed', 'terminated', 'timed_out'].includes(status)) return colors.red(status);
    return ['queued', 'waiting', 'paused', 'cancelled'].includes(status) ? colors.yellow(status) : status;
  };
  const cells = rows.map((row) => [
    plain(row.kind === 'run' ? `Hex ${row.projectId ?? 'run'}` : (row.pipeline ?? '-')),
    plain(row.partition ?? minute(row.scheduledTime)),
    colored(row.status),
    minute(row.startedAt),
    formatDuration(row.durationMs),
    row.trend ? `${row.trend.percent < 0 ? '' : '+'}${row.trend.percent} %` : '-',
    row.trigger ?? '-',
    plain(row.owner ?? '-'),
    plain(row.workflowId),
  ]);
  return table([HEAD.map((title) => colors.dim(title)), ...cells]);
}
