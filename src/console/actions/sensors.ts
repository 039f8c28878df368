import { INSTANT_WORDS, readSince } from '../../base/instant.js';
import { refuseFuture, SensorError } from '../../client/sensors/errors.js';
import type { SensorProgress } from '../../contract/sensor.js';
import type { ActionRequest } from '../contract.js';
import { badInput, notFound } from '../refusal.js';
import type { Act, Doing } from './act.js';

type Request = Extract<ActionRequest, { action: `sensor${string}` }>;

/** Pauses or resumes a sensor, or sets its cursor. A signal waits for the worker, so it needs none now. */
export function sensorAct(doing: Doing, request: Request): Act {
  return request.action === 'sensorSince' ? sinceAct(doing, request) : pauseAct(doing, request);
}

function pauseAct(
  { hex, by }: Doing,
  { action, sensor, reason }: Exclude<Request, { action: 'sensorSince' }>,
): Act {
  const pauses = action === 'sensorPause';
  return {
    async preview() {
      const progress = await progressOf(hex, sensor);
      const isPaused = progress && progress.status === 'paused';
      if (pauses)
        return {
          title: `Pause sensor ${sensor}`,
          happens: [
            'It looks at its projects no more, so it reads nothing in Hex, and starts nothing, until it is resumed.',
            'What it has started goes on, in Hex too. What ends meanwhile is caught up then.',
          ],
          button: 'Pause',
          refusal: isPaused ? 'It is paused already.' : null,
        };
      return {
        title: `Resume sensor ${sensor}`,
        happens: [
          `It looks again, and first at what has ended meanwhile: ${doesText(progress)}, oldest first.`,
          'What it starts starts its runs in Hex, as their limits allow.',
        ],
        button: 'Resume',
        refusal: progress && !isPaused ? 'It is not paused.' : null,
      };
    },
    async perform() {
      if (pauses) await hex.sensors.pause(sensor, by, reason);
      else await hex.sensors.resume(sensor, by);
      return { done: `Sensor ${sensor} ${pauses ? 'is paused' : 'is resumed'}.` };
    },
  };
}

function sinceAct({ hex, by }: Doing, { sensor, since }: Extract<Request, { action: 'sensorSince' }>): Act {
  const at = readSince(since, Date.now());
  if (at === null)
    throw badInput('since', `"${since}" is neither a duration such as 24h or 7d, nor ${INSTANT_WORDS}`);
  refuseFuture(at);
  const text = at.toISOString();
  return {
    async preview() {
      const progress = await progressOf(hex, sensor);
      const reached = progress?.projects.map(({ cursor, since: from }) => cursor?.endTime ?? from).sort();
      const passedOver = reached?.[0] !== undefined && Date.parse(reached[0]) < at.getTime();
      return {
        title: `Set the cursor of sensor ${sensor}`,
        happens: [
          `It looks anew for runs that ended after ${text}: ${doesText(progress)}, oldest first.`,
          'What was started for one of them is not started again. What it starts starts its runs in Hex.',
          ...(passedOver
            ? [`What ended before, and was not handled yet, is passed over: it is at ${reached[0]}.`]
            : []),
        ],
        button: 'Set the cursor',
        danger: passedOver,
      };
    },
    async perform() {
      await hex.sensors.setSince(sensor, at, by);
      return { done: `Sensor ${sensor} looks for runs that ended after ${text}.` };
    },
  };
}

/** Null where no worker answers. Throws where no such sensor runs. */
function progressOf({ sensors }: Doing['hex'], sensor: string): Promise<SensorProgress | null> {
  return sensors.describe(sensor).catch((error: unknown) => {
    if (error instanceof SensorError) throw notFound(`No sensor "${sensor}" runs`);
    return null;
  });
}

const doesText = (progress: SensorProgress | null) =>
  `for each it ${progress?.does ?? 'does what it is for'}`;
