import { isObject, type JsonValue } from '../base/json.js';
import { timestampMs } from '../base/timestamp.js';
import type { TemporalHexClient } from '../client.js';
import type { BackfillProgress } from '../contract/backfill.js';
import { decoderOf } from '../contract/payloads.js';
import { backfillPartitions } from '../pipeline/backfill/range.js';
import { parseBackfillInput } from '../pipeline/boundary.js';
import { keepNewest } from './keep-newest.js';
import type { Queues } from './queues.js';

const ANSWER_MS = 2_000;
const MOST_KEPT = 200;

/** How a backfill stands, and what it was started with. */
export interface BackfillLook {
  progress: BackfillProgress | null;
  partitions: string[] | null;
  startedBy: string | null;
}

/** Reads how backfills stand. */
export class Backfilled {
  readonly #hex: TemporalHexClient;
  readonly #queues: Queues;
  readonly #ended = new Map<string, BackfillProgress>();
  readonly #begun = new Map<string, Promise<Pick<BackfillLook, 'partitions' | 'startedBy'>>>();

  constructor(hex: TemporalHexClient, queues: Queues) {
    this.#hex = hex;
    this.#queues = queues;
  }

  async look(workflowId: string, runId: string, ended: boolean, taskQueue: string): Promise<BackfillLook> {
    const [progress, begun] = await Promise.all([
      this.progress(workflowId, runId, ended, taskQueue),
      this.#beginning(workflowId, runId),
    ]);
    return { progress, ...begun };
  }

  /** Null where no worker answers. */
  async progress(
    workflowId: string,
    runId: string,
    ended: boolean,
    taskQueue: string,
  ): Promise<BackfillProgress | null> {
    const known = this.#ended.get(runId);
    if (known) return known;
    if (!(await this.#queues.served(taskQueue))) return null;
    const progress = await this.#hex.temporal
      .withDeadline(Date.now() + ANSWER_MS, () => this.#hex.backfills.progress(workflowId))
      .catch(() => null);
    if (ended && progress) keepNewest(this.#ended, runId, progress, MOST_KEPT);
    return progress;
  }

  /** The partitions in the order of the grid, made anew from its input as the workflow makes them. */
  #beginning(workflowId: string, runId: string): Promise<Pick<BackfillLook, 'partitions' | 'startedBy'>> {
    const known = this.#begun.get(runId);
    if (known) return known;
    const begun = this.#read(workflowId, runId).catch(() => ({ partitions: null, startedBy: null }));
    keepNewest(this.#begun, runId, begun, MOST_KEPT);
    return begun;
  }

  async #read(workflowId: string, runId: string): Promise<Pick<BackfillLook, 'partitions' | 'startedBy'>> {
    const { temporal } = this.#hex;
    const page = await temporal.workflowService.getWorkflowExecutionHistory({
      namespace: temporal.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    const started = page.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    const [input, carried] = await decoderOf(temporal)(started?.input?.payloads);
    const startedBy = started?.identity || null;
    const parsed = parseBackfillInput(input);
    // A name was looked up by the worker, and what was carried over may be of an older definition.
    if (!parsed.ok || !parsed.value.request.spec) return { partitions: null, startedBy };
    const until = untilIn(carried) ?? timestampMs(page.history?.events?.[0]?.eventTime);
    const list = backfillPartitions(parsed.value.spec, parsed.value.request.spec, until);
    return { partitions: list.ok ? list.value.all().map(({ partition }) => partition) : null, startedBy };
  }
}

function untilIn(carried: JsonValue | undefined): number | null {
  const untilMs = isObject(carried) ? carried.untilMs : null;
  return typeof untilMs === 'number' ? untilMs : null;
}
