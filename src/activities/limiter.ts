import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { LimiterEvent, LimiterView, SettingsPatch } from '../limits/index.js';
import type { hexLimiter } from '../workflows/index.js';

/** The limiters of this worker's connections, as the activities reach them. */
export interface Limiters {
  /** Whether starts on this connection are limited at all. */
  limits(connection: string): boolean;
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

/** The workflow id of a connection's limiter. */
export const limiterId = (connection: string) => `hex-limiter/${connection}`;

/** Limiters that are workflows, one for each connection. */
export function workflowLimiters({ workflows, taskQueue, settings }: LimiterSetup): Limiters {
  const patchOf = (connection: string) => settings[connection] ?? {};
  return {
    limits: (connection) => patchOf(connection) !== 'off',
    async send(connection, events) {
      const patch = patchOf(connection);
      if (patch === 'off') return;
      await workflows.signalWithStart<typeof hexLimiter, [LimiterEvent[]]>('hexLimiter', {
        workflowId: limiterId(connection),
        taskQueue,
        args: [{ connection, settings: patch }],
        signal: 'limiterEvents',
        signalArgs: [events],
        staticSummary: `Limits of the Hex connection ${connection}`,
      });
    },
    async place(connection, requestId) {
      const view = await workflows
        .getHandle(limiterId(connection))
        .query<LimiterView, [{ requestId: string }]>('line', { requestId });
      return view.line[0] ?? null;
    },
    async holders(connection) {
      if (patchOf(connection) === 'off') return {};
      try {
        return await workflows.getHandle(limiterId(connection)).query<Record<string, string>>('holders');
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return {};
        throw error;
      }
    },
  };
}
