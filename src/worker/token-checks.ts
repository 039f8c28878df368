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
}

const LONGEST_AGAIN_MS = 600_000;
const REQUEST_MS = 10_000;

/**
 * Looks at the token of each connection, and says which is refused. Goes on looking at those until they are good,
 * because a token file may be renewed at any time.
 *
 * @returns stops the looking
 */
export async function checkTokens(
  config: Config,
  { log, observe = null, firstAgainMs = 60_000 }: TokenCheckOptions,
): Promise<() => void> {
  const links = hexLinks(config, undefined, observe);
  const names = Object.keys(config.connections);
  const timers = new Map<string, NodeJS.Timeout>();
  const lookAgain = (name: string, afterMs: number) => {
    const look = async () => {
      const refusal = await refusalOf(links(name).client).catch((error: Error) => error);
      if (refusal) lookAgain(name, Math.min(LONGEST_AGAIN_MS, 2 * afterMs));
      else log(`The token of connection "${name}" is good now.`);
    };
    // It must not keep a worker that has stopped.
    timers.set(name, setTimeout(look, afterMs).unref());
  };
  let refused = 0;
  const check = async (name: string) => {
    try {
      const refusal = await refusalOf(links(name).client);
      if (!refusal) return;
      refused++;
      const { message, hint } = refusal;
      log(
        `Connection "${name}" can start nothing: ${message}. ${hint} The token is looked at again by itself.`,
        'error',
      );
      lookAgain(name, firstAgainMs);
    } catch (error) {
      if (!(error instanceof HexError)) throw error;
      log(`Connection "${name}" could not be checked: ${error.message}`, 'warn');
    }
  };
  await Promise.all(names.map(check));
  if (names.length > 0 && refused === names.length)
    log(
      'No connection has a good token: no run can be started. Cancels, decisions and looks go on.',
      'error',
    );
  return () => {
    for (const timer of timers.values()) clearTimeout(timer);
  };
}

/** That Hex refuses the token, or it cannot be read; null where it is good. Throws what says nothing of the token. */
async function refusalOf(client: HexClient): Promise<HexError | null> {
  try {
    await client.whoAmI({ timeoutMs: REQUEST_MS });
    return null;
  } catch (error) {
    if (error instanceof HexError && error.kind === 'HexAuth') return error;
    throw error;
  }
}
