import type { Client } from '@temporalio/client';
import type { EarlierTimes } from '../client/backfills/plan.js';
import { TemporalHexClient } from '../client.js';
import { lenient } from '../executions/lenient.js';
import type { ExecutionRow } from '../executions/row.js';
import { AttributesCheck } from './attributes.js';
import { Backfilled } from './backfilled.js';
import { Book } from './book.js';
import { Cells } from './cells.js';
import type { Ask, Notice, RunRow } from './contract.js';
import { Definitions } from './definitions.js';
import { earlierTimes } from './earlier-times.js';
import { keepNewest } from './keep-newest.js';
import { Lines } from './lines.js';
import { Pace, pacedClient } from './pace.js';
import { Queues } from './queues.js';
import { askOf } from './run/ask.js';
import { RunReader } from './run/reader.js';
import { Runs } from './run/runs.js';
import { ScheduleBook } from './schedule-book.js';
import { Spent } from './spent.js';
import { notice, Reach } from './trouble.js';

const PROBED_MS = 1_000;
const PROBE_MS = 1_000;
const ASK_MS = 10_000;
const MOST_ASKS = 500;

/** What the answers are made from. */
export interface PartsOptions {
  client: Client;
  /** Task queue on which things are started. */
  taskQueue: string;
  /** Task queue of the limiters, where several share them. Default: that of each workflow. */
  limitsTaskQueue?: string | undefined;
  /** Temporal's Web UI; null where it is not known. */
  temporalUi: string | null;
}

/** Everything that reads Temporal for the pages, each once for all of them. */
export class Parts {
  readonly hex: TemporalHexClient;
  readonly client: Client;
  readonly taskQueue: string;
  readonly limitsTaskQueue: string | undefined;
  readonly temporalUi: string | null;
  readonly pace = new Pace();
  readonly reach = new Reach();
  readonly book: Book;
  readonly queues: Queues;
  readonly schedules: ScheduleBook;
  readonly definitions: Definitions;
  readonly reader: RunReader;
  readonly cells: Cells;
  readonly lines: Lines;
  readonly runs: Runs;
  readonly backfills: Backfilled;
  readonly spent: Spent;
  readonly times: EarlierTimes;
  readonly #attributes: AttributesCheck;
  #probedMs = 0;
  readonly #asks = new Map<
    string,
    { at: number; status: ExecutionRow['status']; ask: Promise<Ask | null> }
  >();
  /** An execution with the zone of its pipeline. */
  readonly zoned = (row: ExecutionRow): RunRow => ({ ...row, timezone: this.schedules.zoneOf(row.pipeline) });

  constructor({ client, taskQueue, limitsTaskQueue, temporalUi }: PartsOptions) {
    const { pace, reach } = this;
    this.client = pacedClient(client, pace);
    this.taskQueue = taskQueue;
    this.limitsTaskQueue = limitsTaskQueue;
    this.temporalUi = temporalUi?.replace(/\/+$/, '') ?? null;
    this.hex = new TemporalHexClient({ client: this.client, taskQueue, limitsTaskQueue });
    const lists = lenient(this.client);
    this.book = new Book(lists, pace, reach);
    this.queues = new Queues(this.client, reach);
    this.schedules = new ScheduleBook(lists, taskQueue, this.book, reach);
    this.definitions = new Definitions(this.client, this.book, this.schedules);
    this.reader = new RunReader(this.hex, this.queues);
    this.cells = new Cells(this.client, this.reader, this.definitions, (id) => this.runs.eventsOf(id));
    this.lines = new Lines(this.client, taskQueue, this.book, this.queues);
    this.backfills = new Backfilled(this.hex, this.queues);
    this.spent = new Spent(this.hex);
    this.times = earlierTimes(this.client, this.book);
    this.#attributes = new AttributesCheck(this.client, reach);
    const { hex, reader, queues, schedules, definitions } = this;
    this.runs = new Runs({ hex, reader, queues, schedules, definitions, reach, temporalUi: this.temporalUi });
  }

  /** What is wrong with everything: server, worker, attributes, or a list that is not whole. */
  async notices(): Promise<Notice[]> {
    const [worker, attributes] = await Promise.all([
      this.queues.notices(this.taskQueue),
      this.#attributes.notices(),
    ]);
    const { book } = this;
    const loading =
      book.whole || book.full
        ? []
        : [notice('loading', 'The list of runs is still being read: older ones come by themselves.')];
    const incomplete = book.full
      ? [
          notice(
            'incomplete',
            'Temporal has more runs than are kept here: of each pipeline the newest thousand are shown.',
          ),
        ]
      : [];
    const refused = book.refused
      ? [
          notice(
            'list-refused',
            `Temporal does not give the list of runs: ${book.refused.reason}. What runs and waits is shown as it was before.`,
            {
              since: book.refused.since,
              remedy:
                'It is asked again each second. Lists of a namespace are rationed: somebody else may read too many.',
            },
          ),
        ]
      : [];
    const old = book.withoutRuns
      ? [
          notice(
            'old-server',
            'This Temporal server cannot tell runs that were started by themselves from those of pipelines: they are not listed.',
            { remedy: 'Temporal 1.23 and newer can (ParentWorkflowId).' },
          ),
        ]
      : [];
    return [...this.reach.notices(), ...refused, ...worker, ...attributes, ...old, ...loading, ...incomplete];
  }

  /** Whether Temporal is there is asked first, so that nobody waits for many calls of which each takes its time to fail. */
  async probe(): Promise<void> {
    if (Date.now() - this.#probedMs < PROBED_MS) return;
    const asked = this.client.withDeadline(Date.now() + PROBE_MS, () =>
      this.client.workflowService.getSystemInfo({}),
    );
    await this.reach.note(() => asked).catch(() => undefined);
    this.#probedMs = Date.now();
  }

  /** What a pipeline that waits asks people; asked of it anew now and then only, because that costs it a task. */
  ask(row: ExecutionRow): Promise<Ask | null> {
    const known = this.#asks.get(row.runId);
    if (known && Date.now() - known.at < ASK_MS && known.status === row.status) return known.ask;
    const ask = askOf(this.reader, row);
    keepNewest(this.#asks, row.runId, { at: Date.now(), status: row.status, ask }, MOST_ASKS);
    return ask;
  }

  close(): void {
    this.book.close();
    this.schedules.close();
    this.runs.close();
  }
}
