import { BlockList, isIP } from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';

/** The proxy that the environment names for an address. */
export interface HttpProxy {
  url: URL;
  /** The variable that names it, as it is spelt: `HTTPS_PROXY`. */
  variable: string;
}

/** A proxy variable cannot be used. Nothing was sent. */
export class ProxySettingError extends Error {
  override readonly name = 'ProxySettingError';
  readonly code = 'PROXY_SETTING';
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether a URL's host is this machine. */
export function isLoopback({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host);
  if (family === 0) return /^(.*\.)?localhost\.?$/i.test(host);
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether any proxy is set, whatever it is for. */
export function anyProxySet(): boolean {
  return ['https', 'http', 'all'].some((protocol) => variableOf(protocol) !== undefined);
}

/**
 * The proxy for a URL by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, of either case; null for none. This
 * machine is never reached by one. A name in `NO_PROXY` counts for its subdomains too, as for curl, Go and Python.
 *
 * @throws ProxySettingError where the value is not an address of an http or https proxy
 */
export function proxyFor(url: URL): HttpProxy | null {
  if (isLoopback(url)) return null;
  const variable = variableOf(url.protocol.slice(0, -1)) ?? variableOf('all');
  if (variable === undefined || withParents(url).some((one) => getProxyForUrl(one) === '')) return null;
  const value = process.env[variable] ?? '';
  const text = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new ProxySettingError(
      `${variable} is not the address of a proxy: write it as http://host:port, or unset it`,
    );
  return { url: new URL(text), variable };
}

function variableOf(protocol: string): string | undefined {
  return [`${protocol}_proxy`, `${protocol}_proxy`.toUpperCase()].find((name) => process.env[name]);
}

/** The URL, and the same with the domains above its host. */
function withParents({ protocol, hostname, host, port }: URL): string[] {
  if (isIP(hostname) !== 0 || hostname.startsWith('[')) return [`${protocol}//${host}`];
  const parts = hostname.split('.');
  return parts.map((_, i) => `${protocol}//${parts.slice(i).join('.')}${port && `:${port}`}`);
}
