import { WorkflowFailedError } from '@temporalio/client';
import { isObject } from '../../base/json.js';
import { applicationFailureOf } from '../../client/failure.js';
import type { TemporalHexClient } from '../../client.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { explain } from '../explain.js';
import { type Interrupt, listenForInterrupt } from '../interrupt.js';
import type { Output } from '../output.js';
import { showLive } from './live.js';
import { resultText, stepsTable } from './result.js';

/** What to do when somebody presses Ctrl-C while waiting. */
export type OnInterrupt = (interrupt: Interrupt) => Promise<ExitCode>;

/**
 * Waits for a run or a pipeline, shows how it goes and how it ended.
 *
 * @param onInterrupt default: ends the waiting and nothing else
 */
export async function follow(
  output: Output,
  client: TemporalHexClient,
  workflowId: string,
  onInterrupt: OnInterrupt = async () => leave(output, workflowId),
): Promise<ExitCode> {
  const interrupt = listenForInterrupt();
  const view = await showLive(output, client, workflowId);
  const ended = client.result(workflowId).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  try {
    const end = await Promise.race([ended, interrupt.asked.then(() => null)]);
    await view.stop(end !== null);
    if (end === null) return await onInterrupt(interrupt);
    if ('error' in end) return reportFailure(output, workflowId, end.error);
    output.data(end.result, () => resultText(end.result, output.colors));
    return EXIT.ok;
  } finally {
    interrupt.release();
  }
}

function leave(output: Output, workflowId: string): ExitCode {
  output.say(`Stopped waiting; ${workflowId} goes on.`);
  output.say(`  temporal-hex watch ${workflowId}    goes on watching`);
  output.say(`  temporal-hex cancel ${workflowId}   cancels it and its runs in Hex`);
  return EXIT.interrupted;
}

/** Says why it did not end well; the results there are go to standard output. */
function reportFailure(output: Output, workflowId: string, error: unknown): ExitCode {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const { message, code } = explain(error);
  const failure = applicationFailureOf(error);
  const details = failure?.details?.[0];
  const type = failure?.type ?? error.cause?.name ?? 'Failure';
  output.data({ success: false, workflowId, type, message, details: details ?? null }, () =>
    isObject(details) && isObject(details.steps) ? stepsTable(details.steps, output.colors) : '',
  );
  output.say(output.talkColors.red(message));
  return code;
}
