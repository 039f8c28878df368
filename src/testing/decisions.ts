import { setTimeout as delay } from 'node:timers/promises';
import { own } from '../base/json.js';
import { ControlRefusedError } from '../client/controls.js';
import type { TemporalHexClient } from '../client.js';
import type { PipelineProgress, StepProgress } from '../pipeline/execution/result.js';
import { TestPipelineError } from './errors.js';

/** What a person may decide about a step that waits: of an approval the first two, of `onFailure: pause` the others. */
export type DecisionAction = 'approve' | 'reject' | 'retryStep' | 'skipStep' | 'markSuccess' | 'cancelStep';

/** A decision on a step that waits for one. `nobody` leaves it to the time limit of the step. */
export type Decision = DecisionAction | 'nobody' | { action: DecisionAction; by?: string; reason?: string };

/** By step id; of a list, each is used once. */
export type Decisions = Readonly<Record<string, Decision | readonly Decision[]>>;

const PAUSE_MS = 100;
const PERSON = { by: 'test', reason: 'decided by the test' };

/** Decides what waits for a person, until `over`. Throws TestPipelineError on a step that nobody would decide. */
export async function decide(
  client: TemporalHexClient,
  workflowId: string,
  decisions: Decisions,
  over: AbortSignal,
): Promise<void> {
  const used = new Map<string, number>();
  while (!over.aborted) {
    await decideIn(client, workflowId, '', (name) => {
      const given = own(decisions, name);
      if (!Array.isArray(given)) return given as Decision | undefined;
      const at = used.get(name) ?? 0;
      used.set(name, at + 1);
      return (given as readonly Decision[])[at];
    });
    await delay(PAUSE_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

type Choose = (step: string) => Decision | undefined;

async function decideIn(
  client: TemporalHexClient,
  workflowId: string,
  prefix: string,
  choose: Choose,
): Promise<void> {
  const progress = await progressOf(client, workflowId);
  for (const step of progress?.steps ?? []) {
    const name = `${prefix}${step.id}`;
    if (step.status === 'approval' || step.status === 'decision')
      await decideStep(client, workflowId, step, name, choose);
    else if (step.kind === 'pipeline' && step.status === 'running' && step.workflowId)
      await decideIn(client, step.workflowId, `${name}/`, choose);
  }
}

/** Null while the workflow has not begun. */
async function progressOf(client: TemporalHexClient, workflowId: string): Promise<PipelineProgress | null> {
  try {
    return (await client.progress(workflowId)) as PipelineProgress;
  } catch {
    return null;
  }
}

async function decideStep(
  client: TemporalHexClient,
  workflowId: string,
  step: StepProgress,
  name: string,
  choose: Choose,
): Promise<void> {
  const decision = choose(name);
  if (decision === undefined)
    throw new TestPipelineError(
      `Step "${name}" waits for ${step.waitingFor ?? 'a person'}: decide it, decisions: { ${JSON.stringify(name)}: '${step.status === 'approval' ? 'approve' : 'retryStep'}' }, or 'nobody' to let its time limit pass`,
    );
  if (decision === 'nobody') return;
  const { action, ...words } = typeof decision === 'string' ? { action: decision } : decision;
  const input = { ...PERSON, ...words };
  const total = step.status === 'approval' ? step.items?.total : undefined;
  if (total === undefined) {
    await client.control(workflowId, action, { ...input, step: step.id });
    return;
  }
  // Of a fan-out it is not told which items wait.
  for (let index = 0; index < total; index++)
    await client.control(workflowId, action, { ...input, step: `${step.id}/${index}` }).catch(unlessRefused);
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof ControlRefusedError)) throw error;
}
