import type { Client } from '@temporalio/client';
import { limiterId, stepWorkflowId } from '../contract/ids.js';
import { lineQuery } from '../contract/messages.js';
import { isPlaceText, type PlaceInLine, placeText } from '../contract/place-in-line.js';
import type { PipelineProgress, StepProgress } from '../pipeline/execution/result.js';
import { liveStatusOf } from '../pipeline/execution/scheduler.js';
import type { RunProgress } from '../run/result.js';

/** Who looks again and again gets what was asked a moment ago: a query costs the limiter a workflow task. */
const KEPT_MS = 2_000;
/** Only another execution of the same id can have another task queue. */
const QUEUE_KEPT_MS = 60_000;
const PATIENCE_MS = 2_000;
const LINE_LENGTH = 1_000;

interface Line {
  places: PlaceInLine[];
  /** Whether there are more behind. */
  cut: boolean;
}

/**
 * The places of runs in line as they are now. The workflows themselves are not told of theirs, because each word would go
 * into their histories; so whoever looks asks the limiter.
 */
export class PlacesInLine {
  readonly #client: Client;
  readonly #limitsTaskQueue: string | undefined;
  readonly #lines = new Kept<Line>(KEPT_MS);
  readonly #queues = new Kept<string>(QUEUE_KEPT_MS);

  /** @param limitsTaskQueue that of the limiters; default that of each workflow */
  constructor(client: Client, limitsTaskQueue?: string) {
    this.#client = client;
    this.#limitsTaskQueue = limitsTaskQueue;
  }

  /** The progress with today's places; as it is where no limiter answers. */
  async update<P extends RunProgress | PipelineProgress>(workflowId: string, progress: P): Promise<P> {
    const connections = connectionsInLine(progress);
    if (connections.size === 0) return progress;
    const queue = this.#limitsTaskQueue ?? (await this.#queueOf(workflowId).catch(() => null));
    if (queue === null) return progress;
    const lines = new Map<string, Line>();
    for (const connection of connections) {
      const line = await this.#lineOf(limiterId(queue, connection), workflowId).catch(() => null);
      if (line) lines.set(connection, line);
    }
    return placed(workflowId, progress, lines) as P;
  }

  #queueOf(workflowId: string): Promise<string> {
    const handle = this.#client.workflow.getHandle(workflowId);
    return this.#queues.get(workflowId, async () => (await handle.describe()).taskQueue);
  }

  #lineOf(limiter: string, of: string): Promise<Line> {
    const handle = this.#client.workflow.getHandle(limiter);
    return this.#lines.get(JSON.stringify([limiter, of]), async () => {
      const { line: places } = await this.#client.withDeadline(Date.now() + PATIENCE_MS, () =>
        handle.query(lineQuery, { limit: LINE_LENGTH, of, firstOfStep: true }),
      );
      return { places, cut: places.length >= LINE_LENGTH };
    });
  }
}

/** What was asked a moment ago, also while it is being asked. A question that fails is asked again. */
class Kept<T> {
  readonly #keptMs: number;
  readonly #answers = new Map<string, { at: number; answer: Promise<T> }>();

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  get(key: string, ask: () => Promise<T>): Promise<T> {
    const now = Date.now();
    for (const [other, { at }] of this.#answers) {
      if (now - at >= this.#keptMs) this.#answers.delete(other);
    }
    const known = this.#answers.get(key);
    if (known) return known.answer;
    const answer = ask();
    this.#answers.set(key, { at: now, answer });
    answer.catch(() => this.#answers.delete(key));
    return answer;
  }
}

/** A step that waits in line, or that may do so without having been told of it yet. */
const mayBeInLine = ({ kind, status, runId }: StepProgress) =>
  kind === 'hex' && (status === 'queued' || status === 'running') && runId === null;

/** The connections in whose lines something of it may wait. */
export function connectionsInLine(progress: RunProgress | PipelineProgress): Set<string> {
  if ('steps' in progress)
    return new Set(progress.steps.filter(mayBeInLine).map(({ connection = 'default' }) => connection));
  const { phase, connection = 'default' } = progress;
  return new Set(phase === 'waiting' ? [connection] : []);
}

function placed(
  workflowId: string,
  progress: RunProgress | PipelineProgress,
  lines: ReadonlyMap<string, Line>,
): RunProgress | PipelineProgress {
  const lineOf = ({ connection = 'default' }: { connection?: string }) => lines.get(connection);
  if ('steps' in progress) {
    const steps = progress.steps.map((step) => placedStep(workflowId, step, lineOf(step)));
    const { status } = progress;
    const live = status === 'running' || status === 'queued';
    return { ...progress, steps, status: live ? liveStatusOf(steps.map((step) => step.status)) : status };
  }
  const line = lineOf(progress);
  const place = line?.places.find((one) => one.workflowId === workflowId);
  if (place) return { ...progress, waitingFor: placeText(place) };
  return hasLeft(line, progress.waitingFor) ? { ...progress, waitingFor: null } : progress;
}

function placedStep(workflowId: string, step: StepProgress, line: Line | undefined): StepProgress {
  if (!line || !mayBeInLine(step)) return step;
  const id = stepWorkflowId(workflowId, step.id);
  const ours = line.places.filter((one) => one.workflowId === id || one.workflowId.startsWith(`${id}/`));
  const [first] = ours;
  // A limiter of before names each place by itself.
  const waiting = ours.reduce((sum, { ofStep = 1 }) => sum + ofStep, 0);
  if (first) return inLine(step, first, waiting);
  const { waitingFor, ...rest } = step;
  return hasLeft(line, waitingFor ?? null) ? { ...rest, status: 'running' } : step;
}

/** The step with its place; of a fan-out, that of the first item in line, which need not be the only one. */
function inLine(step: StepProgress, first: PlaceInLine, waiting: number): StepProgress {
  const { items } = step;
  const waitingFor = placeText(first);
  if (!items) return { ...step, status: 'queued', waitingFor };
  const running = Math.min(items.running, items.total - items.succeeded - items.failed - waiting);
  return { ...step, status: running > 0 ? 'running' : 'queued', waitingFor, items: { ...items, running } };
}

/** Whether what was said before was a place, which it no longer has. */
function hasLeft(line: Line | undefined, before: string | null): boolean {
  return line?.cut === false && before !== null && isPlaceText(before);
}
