import { searchAttributeTypes } from '../contract/search-attributes.js';
import {
  type DevServer,
  type DevServerOptions,
  resolveTemporalCli,
  startDevServer,
  type TemporalCli,
} from '../temporal-server/index.js';

/** The dev server of a local stack. */
export interface LocalServerOptions
  extends Pick<DevServerOptions, 'port' | 'uiPort' | 'dbFilename' | 'namespace' | 'signal'> {
  /** Where the `temporal` command is looked for. Default `process.env`. */
  env?: NodeJS.ProcessEnv;
  log: (line: string) => void;
}

/** A Temporal dev server that knows our search attributes, by the `temporal` command found or fetched. */
export async function startLocalServer(
  options: LocalServerOptions,
): Promise<{ server: DevServer; cli: TemporalCli }> {
  const { env = process.env, log } = options;
  const cli = await resolveTemporalCli({ env, log, signal: options.signal });
  log(`Temporal CLI ${cli.version}: ${cli.path}`);
  const server = await startDevServer({
    ...options,
    cli,
    env,
    searchAttributes: searchAttributeTypes(),
  });
  return { server, cli };
}
