import { expect, it, onTestFinished } from 'vitest';
import { CrashingServer } from '../../chaos/server.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';
import { pipelineFolder } from '../support/pipeline-folder.js';
import { server } from '../support/server.js';

/** A pipeline of one step, whose run in Hex says which date it is of. */
const stepOf = (projectId: string) => ({
  projectId,
  ...FAST,
  inputParams: { at: '{{ run.scheduledTime }}' },
});

const runsOf = ({ sandbox }: Harness, projectId: string) =>
  sandbox.ledger().runs.filter((run) => run.projectId === projectId);

it('after an outage every start within catchup is made up for, once, and those beyond it are counted as missed', async () => {
  const crashing = await CrashingServer.start({ path: server.cli });
  onTestFinished(() => crashing.stop());
  const away = await harness({
    address: crashing.address,
    worker: false,
  });
  await away.spawnWorker();
  const { name, run, json } = pipelineFolder(away, {
    within: {
      schedule: { every: '2s', overlap: 'allow_all', catchup: '5m' },
      steps: [stepOf('within')],
    },
    beyond: {
      schedule: { every: '2s', overlap: 'allow_all', catchup: '10s' },
      steps: [stepOf('beyond')],
    },
  });
  await run('apply', 'pipelines');
  await away.sandbox.waitFor(() => ['within', 'beyond'].every((id) => runsOf(away, id).length > 0));
  const downAt = Date.now();
  // Longer than the shortest window that Temporal allows, by two starts.
  await crashing.crash(14_000);
  const upAt = Date.now();
  const datesOf = (id: string) =>
    runsOf(away, id).map(({ inputParams }) => Date.parse(String(inputParams?.at)));
  const meant = (dates: readonly number[]) => {
    const [first = 0, last = 0] = [Math.min(...dates), Math.max(...dates)];
    return Array.from({ length: (last - first) / 2_000 + 1 }, (_, index) => first + index * 2_000);
  };
  const missedOf = async (id: string) =>
    (await away.temporal.schedule.getHandle(name(id)).describe()).info.numActionsMissedCatchupWindow;
  await until('every date after the outage has its run, or is counted', async () => {
    for (const id of ['within', 'beyond']) {
      const [missed, dates] = [await missedOf(id), datesOf(id)];
      if (!dates.some((at) => at > upAt) || dates.length + missed < meant(dates).length) return false;
    }
    return true;
  });
  const [within, beyond] = [datesOf('within'), datesOf('beyond')];
  expect(within.toSorted()).toEqual(meant(within));
  expect(new Set(beyond).size).toBe(beyond.length);
  const lost = meant(beyond).filter((at) => !beyond.includes(at));
  const madeUpFor = beyond.filter((at) => at > downAt);
  expect(lost.length).toBeGreaterThan(0);
  // The oldest of the outage, and no other.
  expect(lost.every((at) => at > downAt - 2_000 && at < Math.min(...madeUpFor))).toBe(true);
  const rows = (await json('list')) as { schedule: string; missed: number }[];
  const missed = (id: string) => rows.find(({ schedule }) => schedule === name(id))?.missed;
  expect([missed('within'), missed('beyond')]).toEqual([0, lost.length]);
}, 90_000);
