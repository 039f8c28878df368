import type { ReadPolicy } from '../activities/dependencies.js';
import { unknownConnection } from '../activities/failures.js';
import { own } from '../base/json.js';
import type { Config } from '../config.js';
import {
  createHexClient,
  createLearnedReads,
  createReadPacing,
  createSharedReads,
  type Heard,
  type HexClient,
  heardClient,
} from '../hex/index.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** What this process has of a connection, made once: all its reads share one pace. */
export interface HexLink {
  client: HexClient;
  /** Null where reads are not limited. */
  reads: ReadPolicy | null;
}

/** Told of every request of a connection. */
export type Hear = (connection: string, heard: Heard) => void;

/** The links of the configured connections, each made when it is first asked for. */
export function hexLinks(
  config: Pick<Config, 'connections' | 'reads'>,
  hear: Hear = () => {},
  observe: Telemetry['observe'] = null,
): (connection: string) => HexLink {
  const links = new Map<string, HexLink>();
  return (name) => {
    const link = links.get(name) ?? linkOf(config, name, hear, observe);
    links.set(name, link);
    return link;
  };
}

function linkOf(
  { connections, reads }: Pick<Config, 'connections' | 'reads'>,
  name: string,
  hear: Hear,
  observe: Telemetry['observe'],
): HexLink {
  const connection = own(connections, name);
  if (!connection) throw unknownConnection(name, Object.keys(connections));
  const limits = own(reads, name) ?? 'off';
  const pacing = limits === 'off' ? null : createReadPacing({ limits });
  const options = { ...(pacing && { pacing }), observe: observe?.(name) ?? null };
  const client = heardClient(createHexClient(connection, options), (heard) => hear(name, heard));
  if (limits === 'off' || !pacing) return { client, reads: null };
  const learned = createLearnedReads({ limits, pacing });
  return { client, reads: { shared: createSharedReads(client), learned, limits } };
}
