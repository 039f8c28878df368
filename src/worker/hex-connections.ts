import type { ReadPolicy } from '../activities/dependencies.js';
import { unknownConnection } from '../activities/failures.js';
import type { Config } from '../config.js';
import { createHexClient, createReadPacing, createSharedReads, type HexClient } from '../hex/index.js';
import { own } from '../pipeline/json.js';

/** What this process has of a connection, made once: all its reads share one pace. */
export interface HexLink {
  client: HexClient;
  /** Null where reads are not limited. */
  reads: ReadPolicy | null;
}

/** The links of the configured connections, each made when it is first asked for. */
export function hexLinks(config: Pick<Config, 'connections' | 'reads'>): (connection: string) => HexLink {
  const links = new Map<string, HexLink>();
  return (name) => {
    const link = links.get(name) ?? linkOf(config, name);
    links.set(name, link);
    return link;
  };
}

function linkOf({ connections, reads }: Pick<Config, 'connections' | 'reads'>, name: string): HexLink {
  const connection = own(connections, name);
  if (!connection) throw unknownConnection(name, Object.keys(connections));
  const limits = own(reads, name) ?? 'off';
  if (limits === 'off') return { client: createHexClient(connection), reads: null };
  const client = createHexClient(connection, { pacing: createReadPacing({ limits }) });
  return { client, reads: { shared: createSharedReads(client), limits } };
}
