import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { TemporalHexClient } from '../../src/client.js';
import { searchAttributeTypes } from '../../src/contract/search-attributes.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.js';
import { startDevServer } from '../../src/temporal-server/index.js';
import { TASK_QUEUES } from './task-queues.js';

/** A Temporal server and a sandbox, with the environment of workers that use them. */
export interface Stack {
  temporal: Client;
  hex: TemporalHexClient;
  sandbox: Sandbox;
  /** Process id of the Temporal server. */
  serverPid: number;
  env: Record<string, string>;
  /** Something to be stopped with the stack, before the server. */
  own<T extends { stop(): Promise<void> }>(started: T): T;
}

/** Starts a server and a sandbox, calls `use`, and stops all of it. */
export async function withStack<T>(
  sandboxOptions: SandboxOptions,
  use: (stack: Stack) => Promise<T>,
): Promise<T> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const server = await startDevServer({
      port: 0,
      uiPort: false,
      searchAttributes: searchAttributeTypes(),
    });
    closers.push(() => server.stop());
    const sandbox = await startSandbox({ port: 0, ...sandboxOptions });
    closers.push(() => sandbox.close());
    const connection = await Connection.connect({ address: server.address });
    closers.push(() => connection.close());
    const temporal = new Client({ connection, namespace: server.namespace });
    return await use({
      temporal,
      hex: new TemporalHexClient({ client: temporal, taskQueue: TASK_QUEUES.hex }),
      sandbox,
      serverPid: server.pid,
      env: {
        TEMPORAL_ADDRESS: server.address,
        TEMPORAL_NAMESPACE: server.namespace,
        HEX_BASE_URL: sandbox.url,
        HEX_API_TOKEN: randomUUID(),
        HEX_TASK_QUEUE: TASK_QUEUES.hex,
        HEX_LIMITS: 'off',
      },
      own(started) {
        closers.push(() => started.stop());
        return started;
      },
    });
  } finally {
    for (const close of closers.reverse()) await close();
  }
}
