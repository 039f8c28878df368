import type { Command } from 'commander';
import type { TemporalHexClient } from '../../client.js';
import type { ControlAction } from '../../pipeline/execution/result.js';
import { examples, type Perform } from '../command.js';
import { CliError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type DecisionOptions, decisionOptions, userName } from '../input/decision-options.js';
import { type Session, warnWithoutWorker, withClient } from '../session.js';

interface ControlCommand {
  name: string;
  action: ControlAction;
  summary: string;
  /** How the step is given; null where the control is about the whole pipeline. */
  step: '<step>' | '[step]' | null;
  /** Whether one has to say why. */
  reason: boolean;
}

const COMMANDS: readonly ControlCommand[] = [
  {
    name: 'pause',
    action: 'pause',
    summary: 'start no further step; what runs goes on',
    step: null,
    reason: false,
  },
  { name: 'resume', action: 'resume', summary: 'go on after a pause', step: null, reason: false },
  {
    name: 'retry-step',
    action: 'retryStep',
    summary: 'try a failed step again, or a waiting retry at once',
    step: '<step>',
    reason: false,
  },
  {
    name: 'skip-step',
    action: 'skipStep',
    summary: 'skip a step; what it is doing is cancelled first',
    step: '<step>',
    reason: true,
  },
  {
    name: 'mark-success',
    action: 'markSuccess',
    summary: 'count a step as a success without running it',
    step: '<step>',
    reason: true,
  },
  {
    name: 'cancel-step',
    action: 'cancelStep',
    summary: 'cancel a step, in Hex too; it counts as failed',
    step: '<step>',
    reason: true,
  },
  { name: 'approve', action: 'approve', summary: 'approve what a step asks', step: '<step>', reason: false },
  {
    name: 'reject',
    action: 'reject',
    summary: 'reject what a step asks; the step fails',
    step: '<step>',
    reason: true,
  },
  {
    name: 'poll-now',
    action: 'pollNow',
    summary: 'read the status of a run in Hex now, not when it is due',
    step: '[step]',
    reason: false,
  },
];

/** An Update waits for a worker; one that does not come is not waited for longer. */
const ANSWER_WITHIN_MS = 30_000;

/** The decisions on a running pipeline, a command each. */
export function addControls(program: Command, perform: Perform): void {
  for (const control of COMMANDS) {
    const { name, summary, step, reason } = control;
    const command = program
      .command(name)
      .helpGroup('Decisions on a running pipeline:')
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}. See docs/pipelines.md.`)
      .argument('<workflow-id>', step === '[step]' ? 'of the pipeline, or of a run' : 'of the pipeline');
    if (step) command.argument(step, 'id of the step');
    decisionOptions(command, 'with the pipeline', { required: reason })
      .addHelpText('after', examples(exampleOf(control)))
      .action(() => perform(command, (session) => carryOut(session, control, command)));
  }
}

async function carryOut(session: Session, { action }: ControlCommand, command: Command): Promise<ExitCode> {
  const [workflowId = '', step] = command.args;
  const { by = userName(), reason } = command.opts<DecisionOptions>();
  return withClient(session, async (client) => {
    const handle = client.temporal.workflow.getHandle(workflowId);
    const { type, taskQueue } = await handle.describe();
    const done = `${action}${step ? ` ${step}` : ''} by ${by}: done. "temporal-hex watch ${workflowId}" shows what follows.`;
    if (action === 'pollNow' && type === 'hexRun') {
      const { pollNowSignal } = await import('../../contract/messages.js');
      await handle.signal(pollNowSignal);
      session.output.say(done);
      return EXIT.ok;
    }
    await warnWithoutWorker(session, client, taskQueue);
    const result = await inTime(client, workflowId, () =>
      // The workflow's own validator says what is missing or not allowed.
      client.control(workflowId, action, { by, ...(reason && { reason }), ...(step && { step }) } as never),
    );
    session.output.data(result, () => '');
    session.output.say(done);
    return EXIT.ok;
  });
}

/** The answer of the pipeline, unless no worker lets it answer. */
async function inTime<T>(
  { temporal }: TemporalHexClient,
  workflowId: string,
  work: () => Promise<T>,
): Promise<T> {
  const { WorkflowUpdateRPCTimeoutOrCancelledError } = await import('@temporalio/client');
  try {
    return await temporal.withDeadline(Date.now() + ANSWER_WITHIN_MS, work);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    throw new CliError(
      `${workflowId} has not answered within ${ANSWER_WITHIN_MS / 1_000} s. It may still do so when its worker is back: look before you repeat it.`,
      EXIT.failed,
    );
  }
}

function exampleOf({ name, step, reason }: ControlCommand): string {
  const words = ['temporal-hex', name, 'daily-etl-2026-01-31', ...(step ? ['load'] : [])];
  return [...words, ...(reason ? ['--reason "the source is late"'] : [])].join(' ');
}
