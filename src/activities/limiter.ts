import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import {
  DEFAULT_SETTINGS,
  type LimiterEvent,
  type LimiterView,
  type SettingsPatch,
  withSettings,
} from '../limits/index.js';
import type { hexLimiter } from '../workflows/index.js';

/** The limiters of this worker's connections, as the activities reach them. */
export interface Limiters {
  /** Whether starts on this connection are limited at all. */
  limits(connection: string): boolean;
  /** Starts the limiters of these connections and gives them the limits of this worker's environment. */
  configure(connections: readonly string[]): Promise<void>;
  /** Sends events; starts the limiter where there is none. */
  send(connection: string, events: LimiterEvent[]): Promise<void>;
  /** Where a request stands, or null where it is not in line. */
  place(connection: string, requestId: string): Promise<LimiterView['line'][number] | null>;
  /** The workflow of every run in flight, by Hex's run id; empty where starts are not limited. */
  holders(connection: string): Promise<Record<string, string>>;
}

export interface LimiterSetup {
  workflows: WorkflowClient;
  taskQueue: string;
  /** Limits of each connection; `off` for none. A connection that is not listed has the defaults. */
  settings: Readonly<Record<string, SettingsPatch | 'off'>>;
}

/** The workflow id of a connection's limiter. Workers of another task queue have connections of their own. */
export const limiterId = (taskQueue: string, connection: string) => `hex-limiter/${taskQueue}/${connection}`;

/** Limiters that are workflows, one for each connection. */
export function workflowLimiters({ workflows, taskQueue, settings }: LimiterSetup): Limiters {
  const patchOf = (connection: string) => settings[connection] ?? {};
  const send = async (connection: string, events: LimiterEvent[]) => {
    const patch = patchOf(connection);
    if (patch !== 'off')
      await workflows.signalWithStart<typeof hexLimiter, [LimiterEvent[]]>('hexLimiter', {
        workflowId: limiterId(taskQueue, connection),
        taskQueue,
        args: [{ connection, settings: patch }],
        signal: 'limiterEvents',
        signalArgs: [events],
        staticSummary: `Limits of the Hex connection ${connection}`,
      });
  };
  return {
    limits: (connection) => patchOf(connection) !== 'off',
    send,
    async configure(connections) {
      for (const connection of connections) {
        const patch = patchOf(connection);
        if (patch !== 'off')
          await send(connection, [{ type: 'settings', patch: withSettings(DEFAULT_SETTINGS, patch) }]);
      }
    },
    async place(connection, requestId) {
      const view = await workflows
        .getHandle(limiterId(taskQueue, connection))
        .query<LimiterView, [{ requestId: string }]>('line', { requestId });
      return view.line[0] ?? null;
    },
    async holders(connection) {
      if (patchOf(connection) === 'off') return {};
      try {
        return await workflows
          .getHandle(limiterId(taskQueue, connection))
          .query<Record<string, string>>('holders');
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return {};
        throw error;
      }
    },
  };
}
