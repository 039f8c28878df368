import type { Command } from 'commander';
import { own } from '../../base/json.js';
import { examples, type Perform } from '../command.js';
import { UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { plain, table } from '../output.js';

export function addProjects(program: Command, perform: Perform): void {
  program
    .command('projects')
    .summary('list the projects that the token can see')
    .description(
      'Lists the projects of Hex that the token can see: all pages, newest first. Needs HEX_API_TOKEN.',
    )
    .option('--connection <name>', 'connection of the environment', 'default')
    .addHelpText('after', examples('temporal-hex projects', "temporal-hex projects --json | jq -r '.[].id'"))
    .action(({ connection: name }: { connection: string }, command: Command) =>
      perform(command, async ({ output, env }) => {
        const [{ loadConfig }, { createHexClient }] = await Promise.all([
          import('../../config.js'),
          import('../../hex/index.js'),
        ]);
        const { connections } = loadConfig(env);
        const connection = own(connections, name);
        if (!connection) {
          const message = `there is no connection "${name}"; there is ${Object.keys(connections).join(', ')}`;
          throw new UsageError('The options', [{ path: '--connection', message }]);
        }
        const projects = await createHexClient(connection).listProjects();
        output.data(projects, () => {
          const head = ['NAME', 'ID', 'STATUS', 'PUBLISHED'].map((title) => output.colors.dim(title));
          const rows = projects.map(({ title, id, status, published, lastPublishedAt }) => [
            plain(title),
            id,
            plain(status ?? '-'),
            published ? (lastPublishedAt?.slice(0, 10) ?? 'yes') : output.colors.yellow('never'),
          ]);
          return table([head, ...rows]);
        });
        return EXIT.ok;
      }),
    );
}
