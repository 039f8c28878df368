import { Agent, get } from 'node:http';
import type { ListenAddress } from '../config.js';

const PATIENCE_MS = 5_000;

/** What a worker's `/readyz` says; null where nobody answers there. */
export function askReadiness({
  host,
  port,
}: ListenAddress): Promise<{ ready: boolean; text: string } | null> {
  const at = { host: REACHED_BY[host] ?? host, port, path: '/readyz' };
  return new Promise((resolve) => {
    // An agent of its own: the usual one may go through a proxy.
    get({ ...at, agent: new Agent(), timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      response.on('end', () => resolve({ ready: response.statusCode === 200, text: text.trim() }));
    })
      .on('timeout', (): void => resolve(null))
      .on('error', (): void => resolve(null));
  });
}

/** Who listens everywhere is reached here. */
const REACHED_BY: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
