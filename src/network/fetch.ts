import type { Dispatcher } from 'undici';
import { anyProxySet, type HttpProxy, proxyFor } from './proxy.js';

/** One for each proxy, so that connections are kept; '' is for no proxy. */
const dispatchers = new Map<string, Dispatcher>();

/** The variables of the proxies that failed requests went through. */
const proxied = new WeakMap<Error, string>();

/**
 * `fetch` that goes through the proxy that the environment names, on every Node. It takes a URL, not a Request. Without a proxy variable it is the global one.
 */
export async function networkFetch(address: string | URL, init: RequestInit = {}): Promise<Response> {
  if (!anyProxySet()) return fetch(address, init);
  // Not Node's own: that takes no dispatcher of another version, and on Node 20 it has none for proxies. Loaded when
  // needed only: it takes longer than the first request.
  const undici = await import('undici');
  const proxy = proxyOf(new URL(address));
  const key = proxy?.url.href ?? '';
  // Plain http is asked of the proxy by its whole URL: many allow a tunnel to port 443 alone.
  const dispatcher =
    dispatchers.get(key) ??
    (proxy ? new undici.ProxyAgent({ uri: key, proxyTunnel: false }) : new undici.Agent());
  dispatchers.set(key, dispatcher);
  try {
    const response = await undici.fetch(address, { ...(init as object), dispatcher });
    return response as unknown as Response;
  } catch (error) {
    if (proxy && error instanceof Error) {
      proxied.set(error, proxy.variable);
      // A proxy that refuses to connect passes for an abort, and why is one cause deeper.
      if (error.cause instanceof Error && error.cause.cause instanceof Error) error.cause = error.cause.cause;
    }
    throw error;
  }
}

/** A body that is sent once: `fetch` by itself sends bytes that it could repeat a second time after a 421. */
export function onceOnly(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** The words that name the proxy's variable in the message about a failed request; '' where none was used. */
export function proxyNote(error: unknown): string {
  const variable = error instanceof Error ? proxied.get(error) : undefined;
  return variable === undefined ? '' : ` (through the proxy of ${variable})`;
}

/** As `fetch` does, what went wrong is the cause of a TypeError. */
function proxyOf(url: URL): HttpProxy | null {
  try {
    return proxyFor(url);
  } catch (cause) {
    throw new TypeError('the proxy cannot be used', { cause });
  }
}
