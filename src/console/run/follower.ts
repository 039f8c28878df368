import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Execution } from '../../activities/history-events.js';
import { Trail } from './trail.js';

/** The server holds a call for new events for 20 s. */
const CALL_MS = 40_000;
const PAGE = 500;
const AGAIN_MS = 1_000;

/**
 * Follows the history of an execution: Temporal answers as soon as there is a new event, so a change is known within milliseconds, and
 * without a read of any list.
 */
export class Follower {
  readonly trail: Trail;
  /** Resolves when what there is so far has been read, or when it cannot be. */
  readonly ready: Promise<void>;
  /** The history cannot be read. */
  trouble: Error | null = null;
  readonly #client: Client;
  readonly #execution: Execution;
  readonly #onEvents: () => void;
  #call = new AbortController();
  #closed = false;
  #seen = 0;
  #token: Uint8Array | null | undefined;
  #ready: () => void = () => {};

  constructor(client: Client, execution: Execution, onEvents: () => void) {
    this.#client = client;
    this.#execution = execution;
    this.#onEvents = onEvents;
    this.trail = new Trail(client, execution.workflowId);
    this.ready = new Promise((resolve) => {
      this.#ready = resolve;
    });
    void this.#follow();
  }

  /** How many events have been taken in. */
  get seen(): number {
    return this.#seen;
  }

  close(): void {
    this.#closed = true;
    this.#call.abort();
  }

  async #follow(): Promise<void> {
    for (let open = true; open && !this.#closed; ) {
      try {
        open = await this.#page();
        this.trouble = null;
      } catch (error) {
        if (this.#closed) break;
        this.trouble = error as Error;
        this.#ready();
        // A token does not outlive a server: what was seen is passed over.
        this.#token = null;
        await sleep(AGAIN_MS, undefined, { ref: false });
      }
    }
    this.#ready();
  }

  /** Whether more may come. */
  async #page(): Promise<boolean> {
    const { workflowId, executionId } = this.#execution;
    // A signal that lives longer than the call would hold on to it.
    this.#call = new AbortController();
    const page = await this.#client.connection.withAbortSignal(this.#call.signal, () =>
      this.#client.withDeadline(Date.now() + CALL_MS, () =>
        this.#client.workflowService.getWorkflowExecutionHistory({
          namespace: this.#client.options.namespace,
          execution: { workflowId, runId: executionId },
          maximumPageSize: PAGE,
          waitNewEvent: true,
          ...(this.#token && { nextPageToken: this.#token }),
        }),
      ),
    );
    const events = page.history?.events ?? [];
    const fresh = events.filter(({ eventId }) => Number(eventId) > this.#seen);
    for (const event of fresh) await this.trail.take(event);
    this.#seen = Number(fresh.at(-1)?.eventId ?? this.#seen);
    this.#token = page.nextPageToken;
    if (events.length < PAGE) this.#ready();
    if (fresh.length > 0) this.#onEvents();
    return (this.#token?.length ?? 0) > 0;
  }
}
