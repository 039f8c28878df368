import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Agent } from 'undici';
import { networkFetch } from './fetch.js';
import { anyProxySet, proxyFor } from './proxy.js';

/** Whether the host of a request may be reached at an address. */
export type Admits = (host: string, address: string) => boolean;

/** No address of a host is one that may be reached. Nothing was sent. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly addresses: readonly string[];

  constructor(host: string, addresses: readonly string[]) {
    super(`${host} is at ${addresses.join(', ')}, which may not be reached`);
    this.addresses = addresses;
  }
}

/** One for each rule. */
const agents = new WeakMap<Admits, Agent>();

/**
 * `fetch` that connects to no address but those that `admits` takes. A name is resolved once, and the connection goes to the address that
 * was looked at, so that no second answer of the name server can lead elsewhere. Where the environment names a proxy, that one resolves
 * names, and its rules count; an address that stands in the URL is looked at in any case.
 *
 * @throws AddressRefusedError, as the cause of what `fetch` throws where a name was resolved
 */
export async function checkedFetch(url: URL, init: RequestInit, admits: Admits): Promise<Response> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !admits(host, host)) throw new AddressRefusedError(host, [host]);
  if (anyProxySet() && proxyFor(url)) return networkFetch(url, init);
  // Not Node's own: that takes no dispatcher of another version.
  const undici = await import('undici');
  const agent =
    agents.get(admits) ??
    // Without keep-alive: each request is looked at, and none fails because the other side has just closed an idle connection.
    new undici.Agent({ pipelining: 0, connect: { lookup: checkedLookup(admits) } });
  agents.set(admits, agent);
  const response = await undici.fetch(url, { ...(init as object), dispatcher: agent });
  return response as unknown as Response;
}

function checkedLookup(admits: Admits): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const good = found.filter(({ address }) => admits(host, address));
      const [first] = good;
      if (!first)
        callback(
          new AddressRefusedError(
            host,
            found.map(({ address }) => address),
          ),
          [],
        );
      else if (options.all) callback(null, good);
      else callback(null, first.address, first.family);
    });
  };
}
