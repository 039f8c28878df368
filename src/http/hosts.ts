import { isIP } from 'node:net';
import { kindOfAddress } from './addresses.js';

/** A host that `http` steps may send requests to. */
export interface HttpHost {
  /** In lower case; of `*.example.com`, `example.com`. An IPv6 address without brackets. */
  name: string;
  /** Stands for all names below `name`. */
  wildcard: boolean;
  /** Plain http instead of https. */
  plain: boolean;
  port: number;
}

/**
 * Reads one entry of the list: `api.example.com`, `*.example.com`, `api.example.com:8443`, or `http://localhost:8080` for plain http.
 *
 * @throws Error that says what is wrong
 */
export function readHost(entry: string): HttpHost {
  const [, scheme = 'https://', star, rest = ''] = /^(https?:\/\/)?(\*\.)?(.*)$/i.exec(entry) ?? [];
  const wildcard = star !== undefined;
  const url = URL.canParse(`${scheme}${rest}`) ? new URL(`${scheme}${rest}`) : null;
  const isPlain = url && url.href === `${url.origin}/` && !rest.endsWith('/') && !url.hostname.includes('*');
  if (!isPlain || rest === '')
    throw new Error(
      `"${entry}" is not a host: write api.example.com, *.example.com, api.example.com:8443, or http://localhost:8080 for plain http`,
    );
  const name = hostOf(url);
  if (wildcard && isIP(name) !== 0)
    throw new Error(`"${entry}" is not a host: an address has no names below it`);
  if (wildcard && !name.includes('.'))
    throw new Error(
      `"${entry}" would be every name below .${name}: name a domain, such as *.example.${name}`,
    );
  return { name, wildcard, plain: url.protocol === 'http:', port: portOf(url) };
}

/** Why no request may be sent to the URL, by what can be known before its name is resolved; null where it may. */
export function refusalOf(hosts: readonly HttpHost[], url: URL): string | null {
  const host = hostOf(url);
  const named = hosts.filter((one) => isNamed(one, host));
  if (named.length === 0)
    return `${host} is not a host that the workers may send requests to: list it in HEX_HTTP_HOSTS of their environment`;
  const plain = url.protocol === 'http:';
  if (!named.some((one) => one.plain === plain && one.port === portOf(url))) {
    const listed = named.map((one) => `${one.plain ? 'http' : 'https'}, port ${one.port}`).join(' and ');
    return `${url.origin} is not listed in HEX_HTTP_HOSTS, which has the host for ${listed} only: add ${plain ? url.origin : url.host}`;
  }
  if (isIP(host) !== 0 && !admits(hosts, host, host)) return addressRefusal(host, [host]);
  return null;
}

/**
 * Whether a host may be reached at an address: a public one, a private one where the host is listed by its full name, and any other only
 * where the address itself is listed.
 */
export function admits(hosts: readonly HttpHost[], host: string, address: string): boolean {
  const kind = kindOfAddress(address);
  const named = hosts.filter((one) => isNamed(one, host.toLowerCase()));
  if (kind === 'public') return named.length > 0;
  return named.some((one) => !one.wildcard && (kind === 'private' || one.name === address));
}

/** Why a host may not be reached at the addresses that it has. */
export function addressRefusal(host: string, addresses: readonly string[]): string {
  return `${host} is at ${addresses.join(', ')}, in a private or special network: list the host by its full name, or the address, in HEX_HTTP_HOSTS`;
}

function isNamed({ name, wildcard }: HttpHost, host: string): boolean {
  return wildcard ? host.endsWith(`.${name}`) : host === name;
}

/** A name may end in a dot, and is the same without. */
function hostOf({ hostname }: URL): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
}
