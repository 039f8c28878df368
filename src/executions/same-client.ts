import type { Client, ClientOptions, ScheduleClient, WorkflowClient } from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';

/** What is to be other than in the client that is copied. */
export interface ClientChanges {
  connection?: ClientOptions['connection'];
  identity?: string;
  dataConverter?: LoadedDataConverter;
}

/** A copy of a client, which shares its connection unless it is given another. */
export function sameClient<C extends Client | ScheduleClient | WorkflowClient>(
  client: C,
  changes: ClientChanges,
): C {
  const Same = client.constructor as new (options: object) => C;
  // What plugins have made of the options is in them already.
  const before = { ...client.options, connection: client.connection, plugins: [] };
  return new Same({ ...before, dataConverter: converterOf(client), ...changes });
}

/** The converter as it was loaded; all three kinds of clients have it, though the types do not say so. */
export function converterOf(client: Client | ScheduleClient | WorkflowClient): LoadedDataConverter {
  return (client as unknown as { dataConverter: LoadedDataConverter }).dataConverter;
}
