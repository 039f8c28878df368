import { type Command, Option } from 'commander';
import type { PartitionRow } from '../../client.js';
import { MOST_PARTITIONS } from '../../pipeline/backfill/range.js';
import { BACKFILL_UNITS, type BackfillUnit } from '../../schedule/index.js';
import { collect, examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { backfillInput } from '../input/backfill-options.js';
import { wholeNumberUpTo } from '../input/schedule-options.js';
import { type Output, plain, table } from '../output.js';
import { withClient } from '../session.js';

interface Options {
  from?: string;
  to?: string;
  every?: BackfillUnit;
  dimension?: string[];
  limit?: number;
}

export function addPartitions(program: Command, perform: Perform): void {
  program
    .command('partitions')
    .summary('show the dates of a pipeline, and what their runs have come to')
    .description(
      'Lists the partitions of a pipeline up to now: what their runs have come to, however they were started, how many there were, and the workflow. Needs no worker.',
    )
    .argument('<pipeline>', 'pipeline file, or the name of a pipeline')
    .option('--from <partition>', 'first partition, inclusive, such as 2026-01-01 or 2026-01')
    .option('--to <partition>', 'last partition, inclusive (default: the newest)')
    .addOption(
      new Option('--every <unit>', 'the plain calendar, instead of the schedule of the pipeline').choices(
        BACKFILL_UNITS,
      ),
    )
    .option('--dimension <name=values>', 'each date with each of these values (repeatable)', collect)
    .option(
      '--limit <n>',
      `without --from: the newest so many dates, 1 to ${MOST_PARTITIONS} (default: 30)`,
      wholeNumberUpTo(MOST_PARTITIONS),
    )
    .addHelpText(
      'after',
      examples(
        'temporal-hex partitions daily-etl',
        'temporal-hex partitions pipelines/daily-etl.yaml --from 2026-01 --to 2026-03 --json',
      ),
    )
    .action((pipeline: string, { limit, ...options }: Options, command: Command) =>
      perform(command, async (session) => {
        const { pipeline: definition, dimensions } = await backfillInput(pipeline, options);
        const { from, to, every } = options;
        const wanted = {
          ...{ from, to },
          ...(every && { every }),
          ...(dimensions && { dimensions }),
          ...(limit !== undefined && { limit }),
        };
        return withClient(session, async (client) => {
          const rows = await client.partitions(definition, wanted);
          session.output.data(rows, () => partitionsText(rows, session.output));
          if (rows.length === 0) session.output.say('No partition of it has run.');
          return EXIT.ok;
        });
      }),
    );
}

function partitionsText(rows: readonly PartitionRow[], { colors }: Output): string {
  if (rows.length === 0) return '';
  const colored = (state: PartitionRow['state']) => {
    if (state === 'done') return colors.green(state);
    return state === 'failed' ? colors.red(state) : state === 'missing' ? colors.yellow(state) : state;
  };
  const counts = new Map<string, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  const head = ['PARTITION', 'STATE', 'ATTEMPTS', 'WORKFLOW'].map((title) => colors.dim(title));
  const cells = rows.map(({ partition, state, attempts, workflowId }) => [
    plain(partition),
    colored(state),
    String(attempts),
    plain(workflowId ?? '-'),
  ]);
  const sum = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  return `${table([head, ...cells])}\n${rows.length} partitions: ${sum}`;
}
