import type { Client } from '@temporalio/client';
import { sensorProgressQuery } from '../contract/messages.js';
import type { SensorProgress } from '../contract/sensor.js';
import { type Metrics, MOST_SENSORS, type SensorState } from './metrics.js';
import { askOpen, Shown } from './open.js';

const GONE: SensorState = { lagMs: 0, failing: 0, givenUp: 0 };

/** Shows how far sensors are behind, and what they could not start. */
export class SensorGauges {
  readonly #shown = new Shown();

  async show(metrics: Metrics, client: Client, taskQueue: string): Promise<void> {
    const open = { type: 'hexSensor', taskQueue, most: MOST_SENSORS };
    const asked = await askOpen(client, open, sensorProgressQuery);
    if (!asked) return;
    for (const progress of asked.answers) metrics.sensor(progress.name, stateOf(progress));
    const names = asked.answers.map(({ name }) => name);
    for (const name of this.#shown.now(names, asked.complete)) metrics.sensor(name, GONE);
  }
}

/** As far behind as the project that is furthest. */
function stateOf({ projects, failing, givenUp = 0 }: SensorProgress): SensorState {
  const lagMs = Math.max(0, ...projects.map((project) => project.lagMs));
  return { lagMs, failing: failing.length, givenUp };
}
