import type { Command } from 'commander';
import { formatDuration } from '../../base/duration.js';
import type { RunStats } from '../../client.js';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { sinceOption, wholeNumber } from '../input/schedule-options.js';
import { table } from '../output.js';
import { withClient } from '../session.js';

interface Options {
  since?: Date;
  limit: number;
}

export function addStats(program: Command, perform: Perform): void {
  program
    .command('stats')
    .summary('what runs took: reads, delays, kernels; and what they were kept from')
    .description(
      'Sums up runs that completed or failed: the reads of their statuses and how many were saved, how late their ends were seen, 429s, the kernels they held; second runs that were avoided, runs that were adopted, orphans that were stopped.',
    )
    .argument('[pipeline]', 'name of the pipeline whose steps are counted (default: all runs)')
    .option(
      '--since <time>',
      'closed no longer ago than a duration such as 30d, or since an ISO 8601 time (default: a week)',
      sinceOption,
    )
    .option('--limit <n>', 'at most so many runs, the newest', wholeNumber, 1_000)
    .addHelpText('after', examples('temporal-hex stats', 'temporal-hex stats daily-etl --since 30d --json'))
    .action((pipeline: string | undefined, options: Options, command: Command) =>
      perform(command, async (session) =>
        withClient(session, async (client) => {
          const stats = await client.stats({ ...options, ...(pipeline !== undefined && { pipeline }) });
          session.output.data(stats, () => statsText(stats));
          return EXIT.ok;
        }),
      ),
    );
}

function statsText(stats: RunStats): string {
  const { runs, cut, reads, readsSaved, delayMs, kernelMinutes } = stats;
  const since = stats.since.slice(0, 16).replace('T', ' ');
  const saved = readsSaved >= 0 ? `${readsSaved} saved` : `${-readsSaved} more`;
  return table([
    ['completed runs', `${runs}${cut ? ' (there are more: see --limit)' : ''}, since ${since} UTC`],
    ['failed runs', String(stats.failed)],
    ['reads of statuses', `${reads}, ${saved} against reading by age alone`],
    [
      'ends seen after',
      delayMs ? `${formatDuration(delayMs.median)} (median), ${formatDuration(delayMs.p95)} (p95)` : '-',
    ],
    ['429s met', String(stats.rateLimited)],
    ['kernel minutes', String(kernelMinutes)],
    ['second runs avoided', String(stats.secondRunsAvoided)],
    ['runs adopted', String(stats.adopted)],
    ['orphans stopped', String(stats.orphansStopped)],
  ]);
}
