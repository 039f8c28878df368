import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleHandle,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Config } from '../config.js';
import { janitorScheduleId } from '../contract/ids.js';
import type { JanitorInput } from '../run/janitor-input.js';
import type { hexJanitor } from '../workflows/index.js';

/** When each look is due. A schedule keeps the times that somebody has given it since. */
const LOOKS = {
  quick: { every: '10 minutes', offset: '0s', catchupWindow: '10 minutes' },
  full: { every: '24 hours', offset: '3 hours', catchupWindow: '12 hours' },
} as const;

/** A worker does not wait longer for Temporal's schedules than this. */
const PATIENCE_MS = 10_000;

const WHEN = 'every 10 minutes, and in full once a day';

const DONE = {
  off: 'The schedules of the janitor are removed (HEX_JANITOR=off)',
  report: `The janitor reports runs in Hex that nobody follows any more, ${WHEN} (HEX_JANITOR=report)`,
  cancel: `The janitor cancels runs in Hex that nobody follows any more, ${WHEN} (HEX_JANITOR=cancel)`,
} as const;

/**
 * Makes the schedules of the janitor, or gives those that are there another mode; removes them where it is `off`. Says in
 * one line what it did. A failure is said as well and stops nothing.
 */
export async function scheduleJanitor(
  client: Client,
  config: Pick<Config, 'taskQueue' | 'connections' | 'janitor'>,
  log: (line: string) => void,
): Promise<void> {
  const { janitor: mode } = config;
  try {
    const done = client.withDeadline(Date.now() + PATIENCE_MS, () =>
      mode === 'off' ? removeAll(client, config) : makeAll(client, config, mode),
    );
    if (await done) log(DONE[mode]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const wanted = mode === 'off' ? 'removed' : 'made';
    log(`The schedules of the janitor could not be ${wanted}; the worker goes on without. ${why}`);
  }
}

const looksOf = ({ connections }: Pick<Config, 'connections'>) =>
  Object.keys(connections).flatMap((connection) =>
    (['quick', 'full'] as const).map((look) => ({ connection, look })),
  );

async function makeAll(
  client: Client,
  config: Pick<Config, 'taskQueue' | 'connections'>,
  mode: 'report' | 'cancel',
): Promise<true> {
  await Promise.all(looksOf(config).map((look) => makeOrUpdate(client, config.taskQueue, { ...look, mode })));
  return true;
}

/** False where there were none. */
async function removeAll(
  client: Client,
  config: Pick<Config, 'taskQueue' | 'connections'>,
): Promise<boolean> {
  const removed = await Promise.all(
    looksOf(config).map(({ connection, look }) =>
      remove(client.schedule.getHandle(janitorScheduleId(config.taskQueue, connection, look))),
    ),
  );
  return removed.includes(true);
}

async function makeOrUpdate(
  client: Client,
  taskQueue: string,
  input: Required<Pick<JanitorInput, 'connection' | 'look' | 'mode'>>,
): Promise<void> {
  const { every, offset, catchupWindow } = LOOKS[input.look];
  const scheduleId = janitorScheduleId(taskQueue, input.connection, input.look);
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'hexJanitor' as const,
    workflowId: scheduleId,
    taskQueue,
    args: [input] as Parameters<typeof hexJanitor>,
    staticSummary: `Looks for runs of the Hex connection ${input.connection} that nobody follows any more`,
  };
  const options: ScheduleOptions = {
    scheduleId,
    spec: { intervals: [{ every, offset }] },
    action,
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow },
  };
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(scheduleId)
      .update(({ spec, policies, state }) => ({ spec, policies, state, action }));
  }
}

async function remove(schedule: ScheduleHandle): Promise<boolean> {
  try {
    await schedule.delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
