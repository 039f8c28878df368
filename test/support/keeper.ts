import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Notification } from '../../src/notifications/notification.js';
import type { PipelineDefinition } from '../../src/pipeline/definition/definition.js';
import { FAST, type Harness, type HarnessOptions, harness, until } from './harness.js';
import { server } from './server.js';
import { type Receiver, webhookReceiver } from './webhook.js';

export interface KeeperRig extends Harness {
  receiver: Receiver;
  /** Makes the schedule of a pipeline of one step. */
  apply(definition: Partial<PipelineDefinition> & { name: string }): Promise<void>;
  /** The messages about a schedule so far. */
  told(schedule: string): Notification[];
  /** Resolves with the first message of this event, and with these words, about a schedule. */
  hears(schedule: string, event: string, words?: string, withinMs?: number): Promise<Notification>;
  /** Ids of the workflows that a schedule has started, in order. */
  started(schedule: string): Promise<string[]>;
  /** The `temporal` command on this server. */
  temporalCli(...words: string[]): Promise<string>;
}

let made = 0;

/** Another one for each attempt at a test: what an attempt that failed has left behind must not count for the next. */
export const ownName = (what: string): string => `${what}-${process.pid}-${made++}`;

/** A rhythm of so many seconds whose first start is soon, whenever the schedule is made. */
export function soonEvery(seconds: number) {
  return { every: `${seconds}s`, offset: `${Math.ceil(Date.now() / 1_000 + 2) % seconds}s` };
}

/** A harness whose workers have a keeper, which tells a webhook. What it has scheduled ends with it. */
export async function keeperRig(
  options: HarnessOptions & { atEnd: (cleanUp: () => Promise<void>) => void },
): Promise<KeeperRig> {
  const { atEnd, address = server.address } = options;
  const receiver = await webhookReceiver(() => 200, atEnd);
  const rig = await harness({
    worker: false,
    ...options,
    env: { HEX_KEEPER: 'on', HEX_NOTIFY_OPS_URL: receiver.url, HEX_NOTIFY_ALERTS: 'ops', ...options.env },
  });
  const { temporal, hex, taskQueue } = rig;
  const told = (schedule: string) => receiver.notifications().filter((one) => one.schedule === schedule);
  const quietly = (done: Promise<unknown>) =>
    done.then(
      () => undefined,
      () => undefined,
    );
  atEnd(() => quietly(temporal.workflow.getHandle(`hex-keeper/${taskQueue}`).terminate()));
  return {
    ...rig,
    receiver,
    told,
    async apply({ name, ...more }) {
      const input = { name, steps: [{ projectId: name, ...FAST }], ...more } as PipelineDefinition;
      await hex.schedules.apply([{ file: `${name}.yaml`, input }]);
      atEnd(() => quietly(hex.schedules.delete(name)));
    },
    async hears(schedule, event, words = '', withinMs = 150_000) {
      const found = async () => told(schedule).find((one) => one.event === event && one.text.includes(words));
      try {
        return await until(`${event} ${words} of ${schedule}`, found, withinMs);
      } catch (error) {
        const said = told(schedule).map((one) => `${one.at} ${one.event}: ${one.text}`);
        throw new Error(`${error}; told was:\n${said.join('\n')}`);
      }
    },
    async started(schedule) {
      const ids: string[] = [];
      const query = `TemporalScheduledById = "${schedule}"`;
      for await (const { workflowId } of temporal.workflow.list({ query })) ids.push(workflowId);
      return ids.sort();
    },
    async temporalCli(...words) {
      const { stdout } = await promisify(execFile)(server.cli, [...words, '--address', address]);
      return stdout;
    },
  };
}
