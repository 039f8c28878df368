import { randomUUID } from 'node:crypto';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, it } from 'vitest';
import type { RunRead } from '../../src/activities/get-run-status.js';
import { FAST, type Harness, harness } from '../support/harness.js';

/** Who shared the reads at the first status read of a run that is alone in Hex. */
async function firstLoadOfALoneRun({ hex, sandbox, temporal }: Harness) {
  sandbox.settings({ duration: '1s' });
  const handle = await hex.startRun({ projectId: `lone-${randomUUID()}`, ...FAST });
  expect(await handle.result()).toMatchObject({ success: true, status: 'COMPLETED' });
  const history = await temporal.workflow.getHandle(handle.workflowId).fetchHistory();
  const { events = [] } = JSON.parse(historyToJSON(history));
  const polls = new Set<string>();
  for (const event of events) {
    if (event.activityTaskScheduledEventAttributes?.activityType.name === 'pollRun') polls.add(event.eventId);
    const done = event.activityTaskCompletedEventAttributes;
    if (!polls.has(done?.scheduledEventId)) continue;
    const read: RunRead = JSON.parse(Buffer.from(done.result.payloads[0].data, 'base64').toString());
    return read.share?.load;
  }
  throw new Error('no read in the history');
}

const rig = () =>
  harness({
    sandbox: { duration: '1h' },
    env: { HEX_LIMITS: 'on', HEX_READS_PER_MINUTE: '600', HEX_READS_PER_HOUR: 'none' },
  });

it('cancelled runs no longer count as polled, so that they slow down no other read', async () => {
  const world = await rig();
  const handles = await Promise.all(
    [1, 2, 3, 4].map((n) => world.hex.startRun({ projectId: `long-${n}`, ...FAST })),
  );
  // A new limiter lists the runs of projects: only a read of its status shows that a run is followed.
  await world.sandbox.waitFor(({ requests }) =>
    [1, 2, 3, 4].every((n) =>
      requests.some((one) => one.operation === 'getRunStatus' && one.projectId === `long-${n}`),
    ),
  );
  for (const handle of handles) await handle.cancel();
  for (const handle of handles) await handle.result().catch(() => undefined);
  expect(world.sandbox.ledger().runs.map(({ status }) => status)).toEqual(Array(4).fill('KILLED'));
  expect(await firstLoadOfALoneRun(world)).toEqual({ runs: 1, projects: 1, sameProject: 1 });
});

it('runs that reached their time limit do not either', async () => {
  const world = await rig();
  const handles = await Promise.all(
    [1, 2].map((n) => world.hex.startRun({ projectId: `slow-${n}`, timeout: '700ms', ...FAST })),
  );
  for (const handle of handles) await expect(handle.result()).rejects.toThrow();
  expect(world.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED', 'KILLED']);
  expect(await firstLoadOfALoneRun(world)).toEqual({ runs: 1, projects: 1, sameProject: 1 });
});
