import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../support/harness.js';
import { keeperRig, ownName, soonEvery } from '../support/keeper.js';

const rigOf = (durations: Record<string, string> = {}) =>
  keeperRig({ atEnd: onTestFinished, sandbox: { duration: '100ms', durations } });

it('what began while no worker was there is told once when one is back, and not again by the next', async () => {
  const { apply, spawnWorker, work, started, hears, told, hex } = await rigOf();
  const [name, next] = [ownName('down'), ownName('next')];
  const first = await spawnWorker();
  await apply({ name, schedule: { every: '2s', overlap: 'allow_all', lateAfter: '3s', partition: 'end' } });
  await until('it runs', async () => (await started(name)).length > 0);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const before = (await started(name)).length;
  await until('starts that nobody takes up', async () => (await started(name)).length >= before + 3);
  await hex.schedules.pause(name);
  const second = await spawnWorker();
  const message = await hears(name, 'late');
  expect(message.text).toMatch(/ (a worker took|no worker took) (it|them) up (more than|within) 3\.0s/);
  second.kill('SIGKILL');
  await once(second, 'exit');
  await work();
  // What the keeper is asked to look at after this schedule is looked at no sooner than it.
  await hex.schedules.pause(name);
  await apply({ name: next, schedule: { every: '1h' } });
  await until(
    'the keeper is back',
    async () => (await hex.schedules.describe(next)).missedStarts !== null,
    60_000,
  );
  // The kill may come before the delivery is in the history: then the same message, known by its id, is sent again.
  const late = told(name).filter(({ event }) => event === 'late');
  expect(new Set(late.map(({ id }) => id)).size).toBe(1);
}, 240_000);

it('onMissed: run starts each skipped date once, under its own id and about its own interval, also when the worker is killed', async () => {
  const name = ownName('run');
  const { apply, spawnWorker, work, started, hears, sandbox, hex, temporal } = await rigOf({ [name]: '1h' });
  const first = await spawnWorker();
  await apply({
    name,
    schedule: { ...soonEvery(8), onMissed: 'run', partition: 'end' },
    steps: [{ projectId: name, inputParams: { partition: '{{ run.partition }}' } }],
  });
  const message = await hears(name, 'missed');
  expect(message.text).toMatch(/was skipped: .*\. The keeper runs it now \(onMissed: run\)\.$/);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const { skipped } = await hex.schedules.describe(name);
  await until('more is skipped', async () => (await hex.schedules.describe(name)).skipped > skipped);
  await work();
  await until('two are known', async () =>
    (await hex.schedules.describe(name)).missedStarts?.some(({ count }) => count >= 2),
  );
  sandbox.settings({ durations: { [name]: '50ms' } });
  for (const { runId, status } of sandbox.ledger().runs) {
    if (['PENDING', 'RUNNING'].includes(status)) sandbox.endRun(runId, 'COMPLETED');
  }
  await hears(name, 'filled');
  await hex.schedules.pause(name);
  const ids = await started(name);
  await until('all have ended', async () => {
    const states = await Promise.all(ids.map((id) => temporal.workflow.getHandle(id).describe()));
    return states.every(({ status }) => status.name === 'COMPLETED');
  });
  const times = ids.map((id) => Date.parse(id.slice(name.length + 1)));
  expect(new Set(ids).size).toBe(ids.length);
  expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) + index * 8_000));
  const partitions = sandbox.ledger().runs.map(({ inputParams }) => inputParams?.partition);
  expect(partitions.toSorted()).toEqual(times.map((at) => new Date(at).toISOString().slice(0, 19)));
}, 240_000);
