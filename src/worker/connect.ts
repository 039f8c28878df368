import { setTimeout as delay } from 'node:timers/promises';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { temporalProxyNote, workerRoute } from '../network/temporal.js';

export interface ConnectOptions {
  /** Overrides `TEMPORAL_ADDRESS` and the profile of the TOML file. */
  address?: string | undefined;
  /** Overrides `TEMPORAL_NAMESPACE` and the profile of the TOML file. */
  namespace?: string | undefined;
  /** How long to go on trying, in ms. Default: without end. */
  patienceMs?: number | undefined;
  /** Ends the trying; the promise then rejects with its reason. */
  signal?: AbortSignal | undefined;
  log?: (line: string) => void;
}

export interface Connected {
  connection: NativeConnection;
  address: string;
  namespace: string;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/**
 * Connects to Temporal by the same variables and TOML file as the `temporal` CLI, and tries again while the server is
 * not up yet.
 */
export async function connectToTemporal(options: ConnectOptions = {}): Promise<Connected> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const address = options.address ?? connectionOptions.address ?? 'localhost:7233';
  const route = workerRoute(address);
  const giveUpAt = Date.now() + (options.patienceMs ?? Number.POSITIVE_INFINITY);
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    try {
      const connection = await NativeConnection.connect({ ...connectionOptions, ...route });
      return { connection, address, namespace: options.namespace ?? namespace ?? 'default' };
    } catch (error) {
      if (Date.now() + waitMs > giveUpAt) throw error;
      options.log?.(
        `Temporal at ${address}${temporalProxyNote(address)} is not up yet, trying again in ${waitMs / 1_000} s`,
      );
      await delay(waitMs, undefined, options.signal && { signal: options.signal }).catch(() =>
        options.signal?.throwIfAborted(),
      );
    }
  }
}
