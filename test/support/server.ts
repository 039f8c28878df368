import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Client, Connection, type DataConverter } from '@temporalio/client';
import { inject } from 'vitest';
import { clientRoute } from '../../src/network/temporal.js';

/** Where the dev server of this test run is. */
export const server = {
  address: inject('temporalAddress'),
  namespace: inject('temporalNamespace'),
  cli: inject('temporalCli'),
};

/** A client, of the shared dev server by default. Close it with `await client.connection.close()`. */
export async function connectClient(
  address = server.address,
  namespace = server.namespace,
  dataConverter?: DataConverter,
): Promise<Client> {
  const connection = await Connection.connect(clientRoute(address));
  return new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
}

/** A task queue that no other test uses: this is what keeps tests on one server apart. */
export function uniqueTaskQueue(prefix = 'test'): string {
  return `${prefix}-${randomUUID()}`;
}

/** Runs the `temporal` command against the shared dev server and resolves with its standard output. */
export async function temporal(...args: string[]): Promise<string> {
  const where = ['--address', server.address, '--namespace', server.namespace];
  const { stdout } = await promisify(execFile)(server.cli, [...args, ...where], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}
