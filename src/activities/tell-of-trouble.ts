import { activityInfo, log } from '@temporalio/activity';
import { troubleSignal } from '../contract/messages.js';
import { HexError } from '../hex/index.js';
import type { ActivityDependencies } from './dependencies.js';

/** The failed tries that are told, ever more rarely: each of them goes into the history. Then every hundredth. */
const TOLD: readonly number[] = [3, 5, 8, 13, 21, 34, 55, 89];
const THEN_EVERY = 100;

/**
 * Tells the `hexRun` of this activity that Hex does not do what is asked, since nobody but the server would know of it
 * while the activity is tried again. A limit of Hex is no trouble.
 *
 * @param what is tried: `reads`
 */
export async function tellOfTrouble(
  { workflows }: ActivityDependencies,
  connection: string,
  error: unknown,
  what: 'reads' | 'cancels',
): Promise<void> {
  const { attempt, scheduledTimestampMs, workflowExecution, workflowType } = activityInfo();
  const due = TOLD.includes(attempt) || attempt % THEN_EVERY === 0;
  if (!due || !workflows || !workflowExecution || workflowType !== 'hexRun') return;
  if (!(error instanceof HexError) || error.kind === 'HexRateLimited') return;
  const since = new Date(scheduledTimestampMs).toISOString().slice(11, 16);
  const text = `${whatHexDoes(connection, error)} since ${since} UTC: ${attempt} ${what} failed`;
  const { workflowId, runId } = workflowExecution;
  await workflows
    .getHandle(workflowId, runId)
    .signal(troubleSignal, { text })
    .catch((failure: unknown) => log.warn('The workflow could not be told', { error: String(failure) }));
}

/** Such as `Hex, which has answered 503`. */
export function whatHexDoes(connection: string, error: HexError): string {
  const who = connection === 'default' ? 'Hex' : `Hex (connection "${connection}")`;
  return `${who}, which has ${doing(error)}`;
}

function doing({ kind, status }: HexError): string {
  if (kind === 'HexAuth')
    return status === null ? 'got no request, because its token cannot be read,' : 'refused the token';
  return status === null ? 'not answered' : `answered ${status}`;
}
