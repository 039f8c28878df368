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
  type ReadLimits,
  type ReadPacing,
} from '../hex/index.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { LeasedPacing, type ReadsLink } from './leased-pacing.js';

/** What this process has of a connection, made once: all its reads share one pace. */
export interface HexLink {
  client: HexClient;
  /** Null where reads are not limited. */
  reads: ReadPolicy | null;
  /** Gives its part of the reads back, where it shares them with other workers. */
  leaveReads(): Promise<void>;
}

/** Told of every request of a connection. */
export type Hear = (connection: string, heard: Heard) => void;

/** How a connection's reads are shared with other workers; null where each is by itself. */
export type LinkReads = (connection: string) => ReadsLink | null;

/** The links of the configured connections, each made when it is first asked for. */
export function hexLinks(
  config: Pick<Config, 'connections' | 'reads'>,
  hear: Hear = () => {},
  observe: Telemetry['observe'] = null,
  linkReads: LinkReads = () => null,
): (connection: string) => HexLink {
  const links = new Map<string, HexLink>();
  return (name) => {
    const link = links.get(name) ?? linkOf(config, name, { hear, observe, linkReads });
    links.set(name, link);
    return link;
  };
}

function linkOf(
  { connections, reads }: Pick<Config, 'connections' | 'reads'>,
  name: string,
  { hear, observe, linkReads }: { hear: Hear; observe: Telemetry['observe']; linkReads: LinkReads },
): HexLink {
  const connection = own(connections, name);
  if (!connection) throw unknownConnection(name, Object.keys(connections));
  const limits = own(reads, name) ?? 'off';
  const pacing = limits === 'off' ? null : pacingOf(limits, linkReads(name));
  const options = { ...(pacing && { pacing }), observe: observe?.(name) ?? null };
  const client = heardClient(createHexClient(connection, options), (heard) => hear(name, heard));
  const leaveReads = async () => {
    if (pacing instanceof LeasedPacing) await pacing.leave();
  };
  if (limits === 'off' || !pacing) return { client, reads: null, leaveReads };
  const learned = createLearnedReads({ limits, pacing });
  return { client, reads: { shared: createSharedReads(client), learned, limits }, leaveReads };
}

function pacingOf(limits: ReadLimits, link: ReadsLink | null): ReadPacing {
  const pacing = createReadPacing({ limits });
  return link ? new LeasedPacing({ pacing, link, minuteMs: limits.minuteMs }) : pacing;
}
