import type { Client } from '@temporalio/client';
import type { Logger, NativeConnection, Worker, WorkerPlugin } from '@temporalio/worker';
import type { Observe } from '../hex/index.js';

/** The log, metrics and health of this process. */
export interface Telemetry {
  /** Writes into the log. */
  logger: Logger;
  /** Where `/metrics`, `/healthz` and `/readyz` are, `host:port`; null where they are off. */
  address: string | null;
  /** Sees every request to Hex on a connection; null where nobody wants to know. */
  observe: ((connection: string) => Observe) | null;
  /** What a worker needs for traces. */
  plugins: WorkerPlugin[];
  /** `createHexWorker` has made the worker: `/readyz` goes by it from now on. */
  begin(worker: Worker, connection: NativeConnection): void;
  /** Limiters are asked through this client, which can read what is encrypted. */
  askThrough(client: Client): void;
  /** Closes the port and sends what is still to be sent. */
  close(): Promise<void>;
}
