import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { RETRIES } from './closed-connection.js';
import { type HttpProxy, ProxySettingError, proxyFor } from './proxy.js';

const DEFAULT_PORT = 7233;

/**
 * How a client reaches Temporal at `host:port`. The proxy is ours to choose: gRPC's own choice knows lower-case
 * variables only, and would ask a proxy for this machine.
 *
 * @throws ProxySettingError
 */
export function clientRoute(
  address: string,
): Pick<ConnectionOptions, 'address' | 'channelArgs' | 'interceptors'> {
  const proxy = temporalProxy(address);
  if (!proxy) return { address, channelArgs: { 'grpc.enable_http_proxy': 0 }, interceptors: RETRIES };
  const { username, password } = proxy.url;
  const target = /:\d+$/.test(address) ? address : `${address}:${DEFAULT_PORT}`;
  return {
    address: hostAndPort(proxy),
    channelArgs: {
      'grpc.enable_http_proxy': 0,
      'grpc.http_connect_target': `dns:${target}`,
      'grpc.default_authority': target,
      ...(username && {
        'grpc.http_connect_creds': `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
      }),
    },
    interceptors: RETRIES,
  };
}

/**
 * The same for a worker.
 *
 * @throws ProxySettingError
 */
export function workerRoute(address: string): Pick<NativeConnectionOptions, 'address' | 'proxy'> {
  const proxy = temporalProxy(address);
  if (!proxy) return { address };
  const { username, password } = proxy.url;
  return {
    address,
    proxy: {
      type: 'http-connect',
      targetHost: hostAndPort(proxy),
      ...(username && {
        basicAuth: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
      }),
    },
  };
}

/** The words that name the proxy's variable in a message about Temporal at `host:port`; '' where none is used. */
export function temporalProxyNote(address: string): string {
  const proxy = temporalProxy(address);
  return proxy === null ? '' : ` (through the proxy of ${proxy.variable})`;
}

/** The proxy for Temporal at `host:port`: that of `HTTPS_PROXY`, with TLS or without, as for the `temporal` command. */
function temporalProxy(address: string): HttpProxy | null {
  const text = address.includes('://') ? address.replace(/^\w+:/, 'https:') : `https://${address}`;
  if (!URL.canParse(text)) return null;
  const proxy = proxyFor(new URL(text));
  if (proxy?.url.protocol === 'https:')
    throw new ProxySettingError(
      `${proxy.variable} names a proxy by https://, through which Temporal cannot be reached: write http://host:port, or name ${address} in NO_PROXY`,
    );
  return proxy;
}

function hostAndPort({ url }: HttpProxy): string {
  return `${url.hostname}:${url.port || 80}`;
}
