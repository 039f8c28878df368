import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker, type WorkerOptions } from '@temporalio/worker';
import { TemporalHexClient } from '../client.js';
import type { Config } from '../config.js';
import { dataConverterOf } from '../encryption/settings.js';
import { clientRoute } from '../network/temporal.js';
import { createHexWorker } from '../worker.js';

/** The worker of a local stack. */
export interface LocalWorkerOptions {
  address: string;
  namespace: string;
  config: Config;
  log: (line: string) => void;
  worker?: Partial<WorkerOptions>;
}

/** A worker in this process, and a client of what it does. */
export interface LocalWorker {
  client: TemporalHexClient;
  connection: NativeConnection;
  /** Rejects when the worker ends by a failure. */
  running: Promise<void>;
  /** Lets the worker finish what is in flight, then closes its connections. */
  stop(): Promise<void>;
}

/** Starts a worker on a server of this machine; what was started is stopped again where something fails. */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const { address, namespace, config, log } = options;
  const closers: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  };
  try {
    // Not by the user's profile: its TLS and keys are another server's.
    const connection = await Connection.connect(clientRoute(address));
    closers.push(() => connection.close());
    const native = await NativeConnection.connect({ address });
    closers.push(() => native.close());
    const worker = await createHexWorker({
      connection: native,
      namespace,
      config,
      log,
      worker: options.worker ?? {},
    });
    const running = worker.run();
    closers.push(() => drain(worker, running));
    const dataConverter = await dataConverterOf(config.converter);
    const temporal = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
    const client = new TemporalHexClient({ client: temporal, taskQueue: config.taskQueue });
    return { client, connection: native, running, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ends a worker in order, also one that has ended already. */
export async function drain(worker: Worker, running: Promise<void>): Promise<void> {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running.catch(() => undefined);
}
