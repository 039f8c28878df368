import type { Command } from 'commander';
import { formatDuration } from '../../base/duration.js';
import type { ListedSensor } from '../../client/sensors/index.js';
import type { TemporalHexClient } from '../../client.js';
import type { SensorProgress } from '../../contract/sensor.js';
import { examples, type Perform } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { type ApplyCommandOptions, appliedText, applyOptions, readApplied } from '../input/apply-options.js';
import { byOption, type DecisionOptions, decisionOptions, userName } from '../input/decision-options.js';
import { sinceOption } from '../input/schedule-options.js';
import { type Output, plain, table } from '../output.js';
import { warnWithoutWorker, withClient } from '../session.js';

const NAME = 'of the sensor: the name of its pipeline';

export function addSensor(program: Command, perform: Perform): void {
  const sensor = program
    .command('sensor')
    .summary('start pipelines when runs of Hex projects end')
    .description(
      'Makes sensors from the "on:" of pipeline files, and works with them. A sensor starts its pipeline once for each run that ends, whoever started the run.',
    );
  addApply(sensor, perform);
  addList(sensor, perform);
  addDescribe(sensor, perform);
  addSince(sensor, perform);
  addActions(sensor, perform);
}

function addApply(sensor: Command, perform: Perform): void {
  const apply = sensor
    .command('apply')
    .summary('make sensors of the files')
    .description(
      'Makes sensors of pipeline files with "on:". One that runs gets the new definition and keeps what it has seen. A second time it changes nothing.',
    );
  applyOptions(apply, 'sensors')
    .option(
      '--since <time>',
      'look for endings from then on: 24h, 7d, or ISO 8601 (default: now)',
      sinceOption,
    )
    .addHelpText(
      'after',
      examples(
        'temporal-hex sensor apply pipelines --prune --dry-run',
        'temporal-hex sensor apply pipelines/after-sales.yaml --since 24h',
      ),
    )
    .action(
      (paths: string[], { since, ...given }: ApplyCommandOptions & { since?: Date }, command: Command) =>
        perform(command, async (session) => {
          const { sources, options } = await readApplied(paths, given, 'sensors');
          return withClient(session, async (client) => {
            const rows = await client.sensors.apply(sources, { ...options, ...(since && { since }) });
            session.output.data(rows, () =>
              appliedText(
                rows.map((row) => ({ ...row, name: row.sensor })),
                session.output,
              ),
            );
            if (rows.length === 0) session.output.say('No file has a sensor.');
            else if (!given.dryRun) await warnWithoutWorker(session, client, client.taskQueue);
            return EXIT.ok;
          });
        }),
    );
}

function addList(sensor: Command, perform: Perform): void {
  sensor
    .command('list')
    .summary('list the sensors')
    .description('Lists the sensors that run, how far behind they are, and what fails.')
    .addHelpText('after', examples('temporal-hex sensor list'))
    .action((_options: object, command: Command) =>
      perform(command, async (session) =>
        withClient(session, async ({ sensors }) => {
          const rows = await sensors.list();
          session.output.data(rows, () => listText(rows, session.output));
          if (rows.length === 0) session.output.say('There is no sensor.');
          return EXIT.ok;
        }),
      ),
    );
}

function addDescribe(sensor: Command, perform: Perform): void {
  sensor
    .command('describe')
    .summary('show one sensor')
    .description('Shows the cursor and the lag of a sensor for each project, and the starts that fail.')
    .argument('<sensor>', NAME)
    .addHelpText('after', examples('temporal-hex sensor describe after-sales'))
    .action((name: string, _options: object, command: Command) =>
      perform(command, async (session) =>
        withClient(session, async ({ sensors }) => {
          const progress = await sensors.describe(name);
          session.output.data(progress, () => progressText(progress, session.output));
          return EXIT.ok;
        }),
      ),
    );
}

function addSince(sensor: Command, perform: Perform): void {
  const since = sensor
    .command('since')
    .summary('set the cursor of a sensor')
    .description(
      'Looks for endings after a time anew, oldest first. What was started for one of them is not started again.',
    )
    .argument('<sensor>', NAME)
    .argument('<time>', '24h, 7d, or ISO 8601', sinceOption);
  byOption(since)
    .addHelpText('after', examples('temporal-hex sensor since after-sales 2026-01-31T00:00:00Z'))
    .action((name: string, time: Date, { by = userName() }: DecisionOptions, command: Command) =>
      perform(command, async (session) =>
        withClient(session, async ({ sensors }) => {
          await sensors.setSince(name, time, by);
          const since = time.toISOString();
          session.output.data(
            { sensor: name, since },
            () => `${plain(name)} looks for endings after ${since}`,
          );
          return EXIT.ok;
        }),
      ),
    );
}

type Sensors = TemporalHexClient['sensors'];

/** What is done with one sensor: its words, which options it has, and how. */
const ACTIONS = {
  pause: {
    ...{ does: 'look no more until it is resumed', done: 'Paused' },
    options: (command: Command) => decisionOptions(command, 'with the sensor'),
    act: (s: Sensors, name: string, { by = userName(), reason }: DecisionOptions) =>
      s.pause(name, by, reason),
  },
  resume: {
    ...{ does: 'look again, and catch up', done: 'Resumed' },
    options: byOption,
    act: (s: Sensors, name: string, { by = userName() }: DecisionOptions) => s.resume(name, by),
  },
  delete: {
    ...{ does: 'end a sensor; what it has started goes on', done: 'Deleted' },
    options: (command: Command) => command,
    act: (s: Sensors, name: string) => s.delete(name),
  },
} as const;

function addActions(sensor: Command, perform: Perform): void {
  for (const [action, { does, done, options, act }] of Object.entries(ACTIONS)) {
    const command = sensor
      .command(action)
      .summary(does)
      .description(`${does.charAt(0).toUpperCase()}${does.slice(1)}.`)
      .argument('<sensor>', NAME);
    options(command)
      .addHelpText('after', examples(`temporal-hex sensor ${action} after-sales`))
      .action((name: string, given: DecisionOptions, self: Command) =>
        perform(self, async (session) =>
          withClient(session, async ({ sensors }) => {
            await act(sensors, name, given);
            session.output.data({ sensor: name, action }, () => `${done} ${plain(name)}`);
            return EXIT.ok;
          }),
        ),
      );
  }
}

function listText(rows: readonly ListedSensor[], { colors }: Output): string {
  const head = ['SENSOR', 'STATUS', 'PROJECTS', 'LAG', 'ENDINGS', 'FAILING', 'FILE'].map((title) =>
    colors.dim(title),
  );
  return table([
    head,
    ...rows.map(({ sensor, file, progress }) => {
      const from = plain(file ?? 'by hand');
      if (!progress) return [plain(sensor), colors.yellow('no worker answers'), '', '', '', '', from];
      const { status, projects, endings, failing } = progress;
      const lagMs = Math.max(0, ...projects.map((project) => project.lagMs));
      return [
        plain(sensor),
        status,
        plain(projects.map(({ projectId }) => projectId).join(', ')),
        lagMs > 0 ? colors.yellow(formatDuration(lagMs)) : '-',
        String(endings),
        failing.length > 0 ? colors.red(String(failing.length)) : '-',
        from,
      ];
    }),
  ]);
}

function progressText(
  { name, does, status, paused, endings, projects, failing, givenUp = 0 }: SensorProgress,
  { colors }: Output,
): string {
  const head = ['PROJECT', 'CURSOR', 'RUN', 'LAG', 'BEHIND', 'OPEN', 'TROUBLE'].map((title) =>
    colors.dim(title),
  );
  const rows = projects.map(({ projectId, cursor, since, lagMs, behind, open, trouble }) => [
    plain(projectId),
    cursor?.endTime ?? `since ${since}`,
    plain(cursor?.runId ?? '-'),
    lagMs > 0 ? formatDuration(lagMs) : '-',
    behind > 0 ? `about ${behind} runs` : '-',
    String(open),
    trouble === null ? '' : colors.red(plain(trouble)),
  ]);
  return [
    `${plain(name)} ${plain(does)}: ${status}, ${countOf(endings)}`,
    ...(paused ? [`paused by ${plain(paused.by)}${paused.reason ? `: ${plain(paused.reason)}` : ''}`] : []),
    ...(givenUp > 0 ? [colors.red(`${countOf(givenUp)} given up: nothing was started for them`)] : []),
    table([head, ...rows]),
    ...failing.map(
      ({ ending, message, attempts }) =>
        `failing  run ${plain(ending.runId)} of ${plain(ending.projectId)}, ${attempts} times: ${plain(message)}`,
    ),
  ].join('\n');
}

const countOf = (endings: number) => (endings === 1 ? '1 ending' : `${endings} endings`);
