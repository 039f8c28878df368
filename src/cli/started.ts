import type { TemporalHexClient } from '../client.js';
import type { ExitCode } from './exit-codes.js';
import { EXIT } from './exit-codes.js';
import { type Session, warnWithoutWorker } from './session.js';

/** Says what was started; waits for its end where that was asked for, else gives the id to whoever reads the output. */
export async function tellStarted(
  session: Session,
  client: TemporalHexClient,
  handle: { workflowId: string; firstExecutionRunId: string },
  wait: boolean,
): Promise<ExitCode> {
  const { output } = session;
  const { workflowId, firstExecutionRunId } = handle;
  await warnWithoutWorker(session, client);
  if (wait) {
    output.say(`Started ${workflowId}`);
    const { follow } = await import('./follow.js');
    return follow(output, client, workflowId);
  }
  const { namespace } = client.temporal.options;
  const { taskQueue } = client;
  output.data({ workflowId, firstExecutionRunId, namespace, taskQueue }, () => workflowId);
  output.say(`Started. "temporal-hex progress ${workflowId}" shows where it stands.`);
  return EXIT.ok;
}
