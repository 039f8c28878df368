import { setTimeout as delay } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { workerRoute } from '../network/temporal.js';
import { diagnose } from '../temporal-connection/diagnose.js';
import { noNamespace } from '../temporal-connection/errors.js';
import { temporalSettings } from '../temporal-connection/settings.js';

/** Takes what a worker has to say, a line each. */
export type WorkerLog = (line: string, level?: 'info' | 'warn' | 'error') => void;

/** Which Temporal to connect to, and for how long to try. What is absent comes from the environment. */
export interface ConnectOptions {
  /** Overrides `TEMPORAL_ADDRESS` and the profile of the TOML file. */
  address?: string | undefined;
  /** Overrides `TEMPORAL_NAMESPACE` and the profile of the TOML file. */
  namespace?: string | undefined;
  /** How long to go on trying, in ms. Default: without end. */
  patienceMs?: number | undefined;
  /** Ends the trying; the promise then rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** Gets a line while the server is not up yet. Default: nothing is said. */
  log?: WorkerLog;
}

/** A connection, and what it is to. */
export interface Connected {
  connection: NativeConnection;
  address: string;
  namespace: string;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** A proxy that starts, or a certificate that is being renewed, may look like a wrong setting for a moment. */
const LASTING_TRIES = 3;
/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/**
 * Connects to Temporal by the same variables and TOML file as the `temporal` CLI, and tries again while the server is
 * not up yet. Throws `TemporalConnectionError` where waiting does not help: TLS, a certificate, the key, the namespace.
 */
export async function connectToTemporal(options: ConnectOptions = {}): Promise<Connected> {
  const settings = temporalSettings(options);
  const { address, namespace } = settings;
  const route = workerRoute(address);
  const giveUpAt = Date.now() + (options.patienceMs ?? Number.POSITIVE_INFINITY);
  let lasting = 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    options.signal?.throwIfAborted();
    try {
      const connection = await NativeConnection.connect({ ...settings.connection, ...route });
      await requireNamespace(connection, namespace);
      return { connection, address, namespace };
    } catch (error) {
      const trouble = await diagnose(settings, error);
      lasting = trouble.lasting ? lasting + 1 : 0;
      if (lasting >= LASTING_TRIES || trouble.trouble === 'namespace' || Date.now() + waitMs > giveUpAt)
        throw trouble;
      options.log?.(
        `${trouble.lasting ? `No connection to Temporal at ${address}` : `Temporal at ${address} is not up yet`}, trying again in ${waitMs / 1_000} s: ${trouble.reason}`,
        'warn',
      );
      await delay(waitMs, undefined, options.signal && { signal: options.signal }).catch(() =>
        options.signal?.throwIfAborted(),
      );
    }
  }
}

/** A namespace that cannot be looked at is left to the worker's own check. */
async function requireNamespace(connection: NativeConnection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_FOUND) return;
    await connection.close();
    throw noNamespace(namespace, { cause: error });
  }
}
