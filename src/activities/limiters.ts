import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import { own } from '../base/json.js';
import { limiterId } from '../contract/ids.js';
import type { LimiterInput } from '../contract/inputs.js';
import { holdersQuery, limiterEventsSignal, lineQuery } from '../contract/messages.js';
import {
  DEFAULT_SETTINGS,
  type LimiterEvent,
  type LimiterView,
  type LimitsPatch,
  withSettings,
} from '../limits/index.js';

/** The limiters of this worker's connections, as the activities reach them. */
export interface Limiters {
  /** Whether starts on this connection are limited at all. */
  limits(connection: string): boolean;
  /** Starts the limiters of these connections and gives them the limits of this worker's environment. */
  configure(connections: readonly string[]): Promise<void>;
  /** Sends events; starts the limiter where there is none. */
  send(connection: string, events: LimiterEvent[]): Promise<void>;
  /** Where a request stands; null where it is not in line, or too far behind to be foretold. */
  place(connection: string, requestId: string): Promise<LimiterView['line'][number] | null>;
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

const LINE_KEPT_MS = 2_000;
/** How many waiting runs learn their place in the queue. */
const LINE_LENGTH = 1_000;

/** Limiters that are workflows, one for each connection. */
export function workflowLimiters({ workflows, taskQueue, settings }: LimiterSetup): Limiters {
  const patchOf = (connection: string) => own(settings, connection) ?? {};
  const send = async (connection: string, events: LimiterEvent[]) => {
    const patch = patchOf(connection);
    if (patch !== 'off')
      await workflows.signalWithStart<(input: LimiterInput) => Promise<never>, [LimiterEvent[]]>(
        'hexLimiter',
        {
          workflowId: limiterId(taskQueue, connection),
          taskQueue,
          args: [{ connection, settings: patch }],
          signal: limiterEventsSignal,
          signalArgs: [events],
          staticSummary: `Limits of the Hex connection ${connection}`,
        },
      );
  };
  const lines = new Map<string, { askedAt: number; view: Promise<LimiterView> }>();
  /** Asked for once for all who want to know it at about the same time: a query costs the limiter a workflow task. */
  const lineOf = (connection: string): Promise<LimiterView> => {
    const known = lines.get(connection);
    if (known && Date.now() - known.askedAt < LINE_KEPT_MS) return known.view;
    const view = workflows
      .getHandle(limiterId(taskQueue, connection))
      .query(lineQuery, { limit: LINE_LENGTH });
    lines.set(connection, { askedAt: Date.now(), view });
    return view;
  };
  return {
    limits: (connection) => patchOf(connection) !== 'off',
    send,
    async configure(connections) {
      for (const connection of connections) {
        const patch = patchOf(connection);
        if (patch !== 'off')
          await send(connection, [{ type: 'environment', settings: withSettings(DEFAULT_SETTINGS, patch) }]);
      }
    },
    async place(connection, requestId) {
      const { line } = await lineOf(connection);
      return line.find((waiting) => waiting.requestId === requestId) ?? null;
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
