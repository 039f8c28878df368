import type { TemporalHexClient } from '../../client.js';
import type { ExitCode } from '../exit-codes.js';
import { EXIT } from '../exit-codes.js';
import { type Session, warnWithoutWorker } from '../session.js';

export interface TellOptions {
  /** Wait for the end. Default false. */
  wait?: boolean | undefined;
  /** Default: the client's. */
  taskQueue?: string;
  /** What else is to be in the data. */
  data?: Record<string, unknown>;
}

/** Says what was started; waits for its end where that was asked for, else gives the id to whoever reads the output. */
export async function tellStarted(
  session: Session,
  client: TemporalHexClient,
  handle: { workflowId: string; firstExecutionRunId: string },
  { wait = false, taskQueue = client.taskQueue, data = {} }: TellOptions,
): Promise<ExitCode> {
  const { output } = session;
  const { workflowId, firstExecutionRunId } = handle;
  if (wait) {
    output.say(`Started ${workflowId}`);
    const { follow } = await import('./follow.js');
    return follow(output, client, workflowId);
  }
  await warnWithoutWorker(session, client, taskQueue);
  const { namespace } = client.temporal.options;
  output.data({ workflowId, firstExecutionRunId, namespace, taskQueue, ...data }, () => workflowId);
  output.say(`Started. "temporal-hex watch ${workflowId}" shows how it goes.`);
  return EXIT.ok;
}
