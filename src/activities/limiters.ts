import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import { own } from '../base/json.js';
import { limiterId } from '../contract/ids.js';
import type { LimiterInput } from '../contract/inputs.js';
import { memoOf } from '../contract/memo.js';
import { holdersQuery, limiterEventsSignal, lineQuery, readsQuery } from '../contract/messages.js';
import {
  DEFAULT_SETTINGS,
  type LimiterEvent,
  type LimiterView,
  type LimitsPatch,
  type ReadPart,
  type ReadsOfWorker,
  withSettings,
} from '../limits/index.js';
import { gathered } from './gathered.js';
import { type NextPermit, type PermitAhead, type PermitRequest, QuickPermits } from './quick-permits.js';

/** The limiters of this worker's connections, as the activities reach them. */
export interface Limiters {
  /** Whether starts on this connection are limited at all. */
  limits(connection: string): boolean;
  /** Starts the limiters of these connections and gives them the limits of this worker's environment. */
  configure(connections: readonly string[]): Promise<void>;
  /** Sends events, within so many ms with others, by default at once; starts the limiter where there is none. */
  send(connection: string, events: LimiterEvent[], withinMs?: number): Promise<void>;
  /** The same with what is sent next, or a moment later, and nobody waits: for what a lease makes good if it is lost. */
  sendSoon(connection: string, events: LimiterEvent[]): void;
  /** Asks for a permit. The id of the request where it is there at once; null: it comes by signal. `first`: never before. */
  ask(connection: string, request: PermitRequest, first: boolean): Promise<string | null>;
  /** Asks for a run that is about to begin on this worker. Nobody waits, and nothing is lost where it fails. */
  askAhead(connection: string, run: PermitAhead): void;
  /** These may begin as soon as the run of that workflow has succeeded; instead of what was foretold before. */
  foretell(workflowId: string, runs: readonly NextPermit[]): void;
  /** The run of that workflow has succeeded, as this worker sees: asks for what was foretold. Nobody waits. */
  succeeded(workflowId: string): void;
  /** Starts those of these limiters anew that somebody has ended: one that nobody tells anything would stay ended. */
  revive(connections: readonly string[]): Promise<void>;
  /** Where a request stands; null where it is not in line, or too far behind to be foretold. */
  place(connection: string, requestId: string): Promise<LimiterView['line'][number] | null>;
  /** What a worker may read; `told`: what it has read. Null: the limiter does not know it. Rejects where it does not answer in time. */
  readPart(connection: string, reader: string, atMs: number, told?: ReadsOfWorker): Promise<ReadPart | null>;
  /** The workflow of every run in flight, by Hex's run id; empty where starts are not limited. */
  holders(connection: string): Promise<Record<string, string>>;
}

/** What limiters need to know of their worker. */
export interface LimiterSetup {
  workflows: WorkflowClient;
  taskQueue: string;
  /** Limits of each connection; `off` for none. A connection that is not listed has the defaults. */
  settings: Readonly<Record<string, LimitsPatch | 'off'>>;
}

/** A worker that hears nothing for so long goes on as it may without an answer. */
const ANSWER_MS = 5_000;
/** The next step of a pipeline asks within this time after the last one has ended. */
const SOON_MS = 100;
/** So many events go in one signal at most: some 60 KB. */
const MOST_EVENTS = 200;
/**
 * What a killed worker had of it goes to another after so long. Its tasks take milliseconds, the replay of ten thousand
 * requests about a second.
 */
const TASK_LIMIT = '5 seconds';
/** Before all else in the task queue: who starts next must not wait behind a thousand who only get in line. */
const FIRST = { priorityKey: 1 };

/** Limiters that are workflows, one for each connection. */
export function workflowLimiters({ workflows, taskQueue, settings }: LimiterSetup): Limiters {
  const patchOf = (connection: string) => own(settings, connection) ?? {};
  const signal = async (connection: string, events: LimiterEvent[]) => {
    const patch = patchOf(connection);
    if (patch === 'off') return;
    await workflows.signalWithStart<(input: LimiterInput) => Promise<never>, [LimiterEvent[]]>('hexLimiter', {
      workflowId: limiterId(taskQueue, connection),
      taskQueue,
      args: [{ connection, settings: patch }],
      signal: limiterEventsSignal,
      signalArgs: [events],
      staticSummary: `Limits of the Hex connection ${connection}`,
      priority: FIRST,
      workflowTaskTimeout: TASK_LIMIT,
    });
  };
  const senders = new Map<string, (events: readonly LimiterEvent[], withinMs?: number) => Promise<void>>();
  /** A thousand who ask at once are a few signals, not a thousand. */
  const send = (connection: string, events: LimiterEvent[], withinMs?: number): Promise<void> => {
    const sender = senders.get(connection) ?? gathered((all) => signal(connection, all), MOST_EVENTS);
    senders.set(connection, sender);
    return sender([...takeHeldBack(connection), ...events], withinMs);
  };
  const heldBack = new Map<string, LimiterEvent[]>();
  const takeHeldBack = (connection: string): LimiterEvent[] => {
    const events = heldBack.get(connection) ?? [];
    heldBack.delete(connection);
    return events;
  };
  const sendSoon = (connection: string, events: LimiterEvent[]) => {
    const waiting = heldBack.get(connection);
    heldBack.set(connection, [...(waiting ?? []), ...events]);
    if (waiting) return;
    setTimeout(() => {
      // What is lost is made good by a lease.
      if (heldBack.has(connection)) send(connection, []).catch(() => undefined);
    }, SOON_MS);
  };
  const answers = async (connection: string) => {
    const { memo } = await workflows.getHandle(limiterId(taskQueue, connection)).describe();
    return memoOf({ memo }).hexAnswers ?? {};
  };
  const permits = new QuickPermits({ send, answers });
  const configure = async (connection: string) => {
    const patch = patchOf(connection);
    if (patch === 'off') return;
    const { weights: _, ...settings } = withSettings(DEFAULT_SETTINGS, patch);
    await send(connection, [{ type: 'environment', settings }]);
  };
  const isThere = async (connection: string) => {
    try {
      const { status } = await workflows.getHandle(limiterId(taskQueue, connection)).describe();
      return status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };
  return {
    limits: (connection) => patchOf(connection) !== 'off',
    send,
    sendSoon,
    ask: (connection, request, first) => permits.ask(connection, request, first),
    askAhead: (connection, run) => permits.askAhead(connection, run),
    foretell: (workflowId, runs) => permits.foretell(workflowId, runs),
    succeeded: (workflowId) => permits.succeeded(workflowId),
    async configure(connections) {
      await Promise.all(connections.map(configure));
    },
    async revive(connections) {
      for (const connection of connections) {
        if (patchOf(connection) !== 'off' && !(await isThere(connection))) await configure(connection);
      }
    },
    async place(connection, requestId) {
      const { line } = await workflows
        .getHandle(limiterId(taskQueue, connection))
        .query(lineQuery, { requestId });
      return line[0] ?? null;
    },
    async readPart(connection, reader, atMs, told) {
      const handle = workflows.getHandle(limiterId(taskQueue, connection));
      return workflows.withDeadline(Date.now() + ANSWER_MS, () =>
        handle.query(readsQuery, { reader, atMs, ...(told && { told }) }),
      );
    },
    async holders(connection) {
      if (patchOf(connection) === 'off') return {};
      try {
        return await workflows.getHandle(limiterId(taskQueue, connection)).query(holdersQuery);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return {};
        throw error;
      }
    },
  };
}
