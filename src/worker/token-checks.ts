import type { Config } from '../config.js';
import { type HexClient, HexError } from '../hex/index.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { WorkerLog } from './connect.js';
import { hexLinks } from './hex-connections.js';

export interface TokenCheckOptions {
  log: WorkerLog;
  /** Measures and traces the requests. Default: nobody. */
  observe?: Telemetry['observe'] | undefined;
  /** When a refused token is looked at again, in ms; each time twice as long, up to ten minutes. Default one minute. */
  firstAgainMs?: number;
  /** When a good token is looked at again, in ms. Default one day. */
  goodAgainMs?: number;
  /** Hears when the token of a connection expires, with each look: ISO 8601, or null where Hex names no time. Default: nobody. */
  onExpiry?: (connection: string, expiresAt: string | null) => void;
}

const LONGEST_AGAIN_MS = 600_000;
const DAY_MS = 86_400_000;
const REQUEST_MS = 10_000;

/**
 * Looks at the token of each connection, and says which is refused. Goes on looking: at those until they are good, because
 * a token file may be renewed at any time, and once a day at the others.
 *
 * @returns stops the looking
 */
export async function checkTokens(
  config: Config,
  { log, observe = null, firstAgainMs = 60_000, goodAgainMs = DAY_MS, onExpiry }: TokenCheckOptions,
): Promise<() => void> {
  const links = hexLinks(config, undefined, observe);
  const names = Object.keys(config.connections);
  const timers = new Map<string, NodeJS.Timeout>();
  const after = (name: string, ms: number, look: () => void) => {
    // It must not keep a worker that has stopped.
    timers.set(name, setTimeout(look, ms).unref());
  };
  const tomorrow = (name: string) =>
    after(name, goodAgainMs, () => {
      check(name).catch((error: Error) => log(`Connection "${name}": ${error.message}`, 'warn'));
    });
  const good = (name: string, { expiresAt }: GoodToken) => {
    onExpiry?.(name, expiresAt);
    tomorrow(name);
  };
  const lookAgain = (name: string, afterMs: number) => {
    const look = async () => {
      const found = await lookAt(links(name).client).catch((error: Error) => error);
      if (found instanceof Error) return lookAgain(name, Math.min(LONGEST_AGAIN_MS, 2 * afterMs));
      log(`The token of connection "${name}" is good now.`);
      good(name, found);
    };
    after(name, afterMs, look);
  };
  /** Whether the token is not refused. */
  const check = async (name: string): Promise<boolean> => {
    const found = await lookAt(links(name).client).catch((error: Error) => error);
    if (!(found instanceof Error)) {
      good(name, found);
      return true;
    }
    if (!(found instanceof HexError)) throw found;
    const { message, hint } = found;
    if (found.kind !== 'HexAuth') {
      log(`Connection "${name}" could not be checked: ${message}`, 'warn');
      tomorrow(name);
      return true;
    }
    log(
      `Connection "${name}" can start nothing: ${message}. ${hint} The token is looked at again by itself.`,
      'error',
    );
    lookAgain(name, firstAgainMs);
    return false;
  };
  const checked = await Promise.all(names.map(check));
  if (names.length > 0 && !checked.includes(true))
    log(
      'No connection has a good token: no run can be started. Cancels, decisions and looks go on.',
      'error',
    );
  return () => {
    for (const timer of timers.values()) clearTimeout(timer);
  };
}

interface GoodToken {
  expiresAt: string | null;
}

/** Throws a `HexError` of the kind `HexAuth` where Hex refuses the token or it cannot be read, another where that is not known. */
async function lookAt(client: HexClient): Promise<GoodToken> {
  const { tokenExpiresAt } = await client.whoAmI({ timeoutMs: REQUEST_MS });
  return { expiresAt: tokenExpiresAt };
}
