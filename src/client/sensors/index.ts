import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { inParallel } from '../../base/in-parallel.js';
import { sensorId } from '../../contract/ids.js';
import {
  configureSensorSignal,
  pauseSensorSignal,
  resumeSensorSignal,
  sensorProgressQuery,
  setSinceSignal,
} from '../../contract/messages.js';
import type { SensorProgress } from '../../contract/sensor.js';
import { lenient } from '../../executions/lenient.js';
import { parseSensorInput } from '../../pipeline/boundary.js';
import type { SensorInput } from '../../pipeline/sensor/input.js';
import type { hexSensor } from '../../workflows/index.js';
import { SensorError } from './errors.js';
import { type SensorSource, wantedSensors } from './wanted.js';

export { SensorError } from './errors.js';
export type { SensorSource } from './wanted.js';

/** What `apply` did with one sensor. */
export interface AppliedSensor {
  /** Name of the pipeline, and so of the sensor. */
  sensor: string;
  /** The file that it was made from. */
  file: string;
  /** `update`: it was running, and keeps what it has seen. */
  action: 'create' | 'update';
}

/** A sensor in a list. */
export interface ListedSensor {
  /** Name of the sensor. */
  sensor: string;
  /** The workflow that it is. */
  workflowId: string;
  /** When it was started, or last continued as new, ISO 8601. */
  startedAt: string;
  /** Null where no worker answers. */
  progress: SensorProgress | null;
}

const AT_ONCE = 10;
/** A sensor without a worker does not answer. */
const ANSWER_WITHIN_MS = 5_000;
const PREFIX = sensorId('');

/** Sensors: pipelines that are started when runs of Hex projects end. Get it as `client.sensors`. */
export class Sensors {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /**
   * Makes sensors of the `on:` of pipeline files; one that runs already gets the new definition and keeps what it has seen. With `since`,
   * endings from then on are looked for. Throws {@link SensorError}, and changes nothing, where a file cannot be used.
   *
   * @example
   * await client.sensors.apply([{ file: 'pipelines/after-sales.yaml', input: definition }]);
   */
  async apply(sources: readonly SensorSource[], { since }: { since?: Date } = {}): Promise<AppliedSensor[]> {
    const wanted = wantedSensors(sources);
    return inParallel(wanted, AT_ONCE, async ({ file, input, name }): Promise<AppliedSensor> => {
      const runs = await this.#runs(name);
      await this.start({ ...input, ...(since && { since: since.toISOString() }) });
      return { sensor: name, file, action: runs ? 'update' : 'create' };
    });
  }

  /**
   * Starts one sensor, or gives a running one of its name the new definition. It may signal a workflow instead of starting a pipeline:
   * `{ name, on, signal: { workflowId, name } }`. Throws {@link SensorError} where the input cannot be used.
   */
  async start(input: SensorInput): Promise<string> {
    const parsed = parseSensorInput(input);
    if (!parsed.ok) throw new SensorError(parsed.problems);
    const { name } = parsed.value;
    const workflowId = sensorId(name);
    await this.#client.workflow.signalWithStart<typeof hexSensor, [SensorInput]>('hexSensor', {
      workflowId,
      taskQueue: this.#taskQueue,
      args: [input],
      signal: configureSensorSignal,
      signalArgs: [input],
      staticSummary: `Sensor ${name}`,
    });
    return workflowId;
  }

  /** All sensors that run, with where they stand. */
  async list(): Promise<ListedSensor[]> {
    const found: { workflowId: string; startTime: Date }[] = [];
    const query = "WorkflowType = 'hexSensor' AND ExecutionStatus = 'Running'";
    for await (const { workflowId, startTime } of lenient(this.#client.workflow).list({ query }))
      found.push({ workflowId, startTime });
    const rows = await inParallel(found, AT_ONCE, async ({ workflowId, startTime }) => ({
      sensor: workflowId.startsWith(PREFIX) ? workflowId.slice(PREFIX.length) : workflowId,
      workflowId,
      startedAt: startTime.toISOString(),
      progress: await this.#progress(workflowId).catch(() => null),
    }));
    return rows.sort((a, b) => (a.sensor < b.sensor ? -1 : 1));
  }

  /**
   * Where a sensor stands: its cursor and its lag for each project, and starts that fail. Needs a worker. Throws {@link SensorError} where
   * no such sensor runs.
   */
  async describe(sensor: string): Promise<SensorProgress> {
    if (!(await this.#runs(sensor)))
      throw new SensorError([
        {
          path: sensor,
          message: 'no such sensor runs: "sensor list" shows those that do, "sensor apply" makes one',
        },
      ]);
    return this.#progress(sensor);
  }

  #progress(sensor: string): Promise<SensorProgress> {
    return this.#client.workflow.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      this.#handle(sensor).query(sensorProgressQuery),
    );
  }

  /** Looks no more until it is resumed. What ends meanwhile is caught up then. */
  async pause(sensor: string, by?: string, reason?: string): Promise<void> {
    const note = { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) };
    await this.#handle(sensor).signal(pauseSensorSignal, note);
  }

  /** Looks again, and catches up with what has ended meanwhile. */
  async resume(sensor: string, by?: string): Promise<void> {
    await this.#handle(sensor).signal(resumeSensorSignal, { ...(by !== undefined && { by }) });
  }

  /** Sets the cursor: endings after this time are looked for anew. What was started for them is not started again. */
  async setSince(sensor: string, since: Date): Promise<void> {
    await this.#handle(sensor).signal(setSinceSignal, { since: since.toISOString() });
  }

  /** Ends the sensor; what it has started goes on. */
  async delete(sensor: string): Promise<void> {
    await this.#handle(sensor).cancel();
  }

  #handle(sensor: string) {
    return this.#client.workflow.getHandle(sensor.startsWith(PREFIX) ? sensor : sensorId(sensor));
  }

  async #runs(name: string): Promise<boolean> {
    try {
      return (await this.#handle(name).describe()).status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }
}
