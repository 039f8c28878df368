import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Config } from '../config.js';
import { limiterId, outageId } from '../contract/ids.js';
import { lineQuery } from '../contract/messages.js';
import { DEFAULT_SETTINGS, type LimiterSettings, withSettings } from '../limits/index.js';
import { type Finding, ok, type Probe, skipped, warn } from './check.js';
import { onTemporal, type Reached } from './temporal.js';

const QUERY_MS = 3_000;

/** The limiter of each connection, and whether its Hex is known to be out of reach. */
export function limiterProbes(reached: Promise<Reached>, taskQueue: string, config: Config | null): Probe[] {
  return Object.keys(config?.connections ?? {}).flatMap((connection) => [
    {
      id: `limiter.${connection}`,
      look: onTemporal(reached, (client) =>
        limiterOf(
          client,
          limiterId(config?.limitsTaskQueue ?? taskQueue, connection),
          config?.limits[connection] ?? {},
        ),
      ),
    },
    {
      id: `outage.${connection}`,
      look: onTemporal(reached, (client) => outageOf(client, outageId(taskQueue, connection))),
    },
  ]);
}

async function limiterOf(
  client: Client,
  workflowId: string,
  patch: Config['limits'][string],
): Promise<Finding> {
  if (patch === 'off') return ok('Starts are not limited (HEX_LIMITS)');
  const asked = client.withDeadline(Date.now() + QUERY_MS, () =>
    client.workflow.getHandle(workflowId).query(lineQuery, { limit: 1 }),
  );
  const line = await asked.catch((error: unknown) => (error instanceof WorkflowNotFoundError ? null : error));
  if (line === null) return skipped('There is none yet: the first worker starts it.');
  if (line instanceof Error || typeof line !== 'object')
    return skipped('It did not answer: it needs a worker (see "workers").');
  const {
    held,
    waiting,
    starts,
    settings,
    penaltyUntil,
    penaltyText,
    line: first,
  } = line as Awaited<typeof asked>;
  const off = differences(settings, withSettings(DEFAULT_SETTINGS, patch));
  const stands = `${held} in flight, ${waiting} in line, ${starts.lastMinute} starts in the last minute and ${starts.lastHour} in the last hour`;
  if (off.length > 0)
    return warn(
      `Its settings are not those of this environment: ${off.join(', ')}. ${stands}.`,
      'Somebody has set them by a signal, or another worker has another environment: docs/limits.md.',
    );
  if (penaltyUntil !== null)
    return warn(
      `No start is sent until ${new Date(penaltyUntil).toISOString()}, because of ${penaltyText}. ${stands}.`,
      'It goes on by itself. If Hex is well and this comes back, somebody else uses the token: docs/limits.md.',
    );
  return ok(first[0] ? `${stands}; the first waits for ${first[0].text}` : stands);
}

/** What is set otherwise than the environment says, such as `kernels 10 (here 25)`. */
function differences(set: LimiterSettings, wanted: LimiterSettings): string[] {
  const flat = ({ starts, kernels }: LimiterSettings) => ({ ...starts, kernels });
  const [there, here] = [flat(set), flat(wanted)];
  return (Object.keys(here) as (keyof typeof here)[]).flatMap((name) =>
    there[name] === here[name] ? [] : [`${name} ${there[name] ?? 'none'} (here ${here[name] ?? 'none'})`],
  );
}

async function outageOf({ workflow }: Client, workflowId: string): Promise<Finding> {
  const found = await workflow
    .getHandle(workflowId)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    });
  if (found?.status.name !== 'RUNNING') return ok('No worker has reported one');
  return warn(
    `Workers have not reached Hex since ${found.startTime.toISOString().slice(0, 16)}Z.`,
    'See "hex" above; https://status.hex.tech tells whether it is Hex. Runs go on when it answers.',
  );
}
