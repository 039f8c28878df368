import type { Client, WorkflowHandle } from '@temporalio/client';
import { inParallel } from '../../base/in-parallel.js';
import { memoOf } from '../../contract/memo.js';
import {
  pauseSensorSignal,
  resumeSensorSignal,
  sensorProgressQuery,
  setSinceSignal,
} from '../../contract/messages.js';
import type { SensorProgress } from '../../contract/sensor.js';
import { parseSensorInput } from '../../pipeline/boundary.js';
import type { SensorInput } from '../../pipeline/sensor/input.js';
import { type AppliedSensor, type ApplySensorsOptions, applySensors } from './apply.js';
import { refuseFuture, SensorError } from './errors.js';
import { openSensors, runningSensor, sensorOf, startSensor } from './running.js';
import type { SensorSource } from './wanted.js';

export type { AppliedSensor, ApplySensorsOptions } from './apply.js';
export { SensorError } from './errors.js';
export type { SensorSource } from './wanted.js';

/** A sensor in a list. */
export interface ListedSensor {
  /** Name of the sensor. */
  sensor: string;
  /** The workflow that it is. */
  workflowId: string;
  /** The file that it was made from; null when it was made by hand. */
  file: string | null;
  /** When it was started, or last continued as new, ISO 8601. */
  startedAt: string;
  /** Null where no worker answers. */
  progress: SensorProgress | null;
}

const AT_ONCE = 10;
/** A sensor without a worker does not answer. */
const ANSWER_WITHIN_MS = 5_000;

/** Sensors: pipelines that are started when runs of Hex projects end. Get it as `client.sensors`. */
export class Sensors {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /**
   * Makes sensors of the `on:` of pipeline files; one that runs already gets the new definition and keeps what it has seen. Deletes with
   * `prune`. With `since`, endings from then on are looked for. A second time it changes nothing. Throws {@link SensorError}, and changes
   * nothing, where a file cannot be used.
   *
   * @example
   * await client.sensors.apply([{ file: 'pipelines/after-sales.yaml', input: definition }]);
   */
  apply(sources: readonly SensorSource[], options: ApplySensorsOptions = {}): Promise<AppliedSensor[]> {
    return applySensors(this.#client, this.#taskQueue, sources, options);
  }

  /**
   * Starts one sensor, or gives a running one of its name the new definition. It may signal a workflow instead of starting a pipeline:
   * `{ name, on, signal: { workflowId, name } }`. Throws {@link SensorError} where the input cannot be used.
   */
  async start(input: SensorInput): Promise<string> {
    const parsed = parseSensorInput(input);
    if (!parsed.ok) throw new SensorError(parsed.problems);
    if (input.since !== undefined) refuseFuture(new Date(input.since));
    return startSensor(this.#client, this.#taskQueue, input, parsed.value.name);
  }

  /** All sensors that run, with where they stand. */
  async list(): Promise<ListedSensor[]> {
    const found: Omit<ListedSensor, 'progress'>[] = [];
    for await (const info of openSensors(this.#client)) {
      const { workflowId, startTime } = info;
      const file = memoOf(info).hexSensor?.file ?? null;
      found.push({ sensor: sensorOf(workflowId), workflowId, file, startedAt: startTime.toISOString() });
    }
    const rows = await inParallel(found, AT_ONCE, async (one) => ({
      ...one,
      progress: await this.#progress(one.workflowId).catch(() => null),
    }));
    return rows.sort((a, b) => (a.sensor < b.sensor ? -1 : 1));
  }

  /**
   * Where a sensor stands: its cursor and its lag for each project, and starts that fail. Needs a worker. Throws {@link SensorError} where
   * no such sensor runs.
   */
  async describe(sensor: string): Promise<SensorProgress> {
    return this.#progress((await this.#running(sensor)).workflowId);
  }

  #progress(workflowId: string): Promise<SensorProgress> {
    return this.#client.workflow.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      this.#client.workflow.getHandle(workflowId).query(sensorProgressQuery),
    );
  }

  /** Looks no more until it is resumed. What ends meanwhile is caught up then. Throws {@link SensorError} where no such sensor runs. */
  async pause(sensor: string, by?: string, reason?: string): Promise<void> {
    const note = { ...byOf(by), ...(reason !== undefined && { reason }) };
    await (await this.#running(sensor)).signal(pauseSensorSignal, note);
  }

  /** Looks again, and catches up with what has ended meanwhile. Throws {@link SensorError} where no such sensor runs. */
  async resume(sensor: string, by?: string): Promise<void> {
    await (await this.#running(sensor)).signal(resumeSensorSignal, byOf(by));
  }

  /**
   * Sets the cursor: endings after this time are looked for anew. What was started for them is not started again. Throws
   * {@link SensorError} where no such sensor runs, and for a time that has not come yet.
   */
  async setSince(sensor: string, since: Date, by?: string): Promise<void> {
    refuseFuture(since);
    const cursor = { since: since.toISOString(), ...byOf(by) };
    await (await this.#running(sensor)).signal(setSinceSignal, cursor);
  }

  /** Ends the sensor; what it has started goes on. Throws {@link SensorError} where no such sensor runs. */
  async delete(sensor: string): Promise<void> {
    await (await this.#running(sensor)).cancel();
  }

  async #running(sensor: string): Promise<WorkflowHandle> {
    const found = await runningSensor(this.#client, sensor);
    if (found) return this.#client.workflow.getHandle(found.workflowId);
    const message = 'no such sensor runs: "sensor list" shows those that do, "sensor apply" makes one';
    throw new SensorError([{ path: sensor, message }]);
  }
}

const byOf = (by: string | undefined) => (by === undefined ? {} : { by });
