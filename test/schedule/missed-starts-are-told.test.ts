import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Notification } from '../../src/notifications/notification.js';
import { CLI, cleanEnv } from '../support/cli.js';
import { FAST, until } from '../support/harness.js';
import { type KeeperRig, keeperRig, ownName, soonEvery } from '../support/keeper.js';

let rig: KeeperRig;
const cleanUps: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  rig = await keeperRig({ atEnd: (cleanUp) => cleanUps.push(cleanUp), sandbox: { duration: '100ms' } });
  await rig.work();
});
afterAll(async () => {
  process.stdout.write(`Seconds until it was told, from when it could be known:\n${figures.join('\n')}\n`);
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const figures: string[] = [];
const measure = (kind: string, knowableMs: number, { at }: Notification) => {
  const seconds = (Date.parse(at) - knowableMs) / 1_000;
  figures.push(`  ${kind.padEnd(36)} ${seconds.toFixed(1)}`);
  return seconds;
};

/** The first start that a message names. */
const startIn = ({ text }: Notification) =>
  Date.parse(`${/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(text)?.[0]}Z`);

/** Runs the command that fills what is missing of this kind, as it is shown. */
async function fill(schedule: string, kind: string): Promise<void> {
  const { missedStarts } = await stateOf(schedule);
  const command = missedStarts.find((one) => one.kind === kind)?.fill ?? '';
  expect(command).toMatch(/^temporal schedule backfill /);
  await rig.temporalCli(...command.split(' ').slice(1));
}

const list = async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'schedule', 'list'], {
    cwd: tmpdir(),
    env: cleanEnv(rig.env),
  });
  return stdout;
};

/** Runs of a project take an hour, until they are let go. */
const hold = (project: string) => rig.sandbox.settings({ durations: { [project]: '1h' } });
function letGo(project: string): void {
  rig.sandbox.settings({ durations: { [project]: '50ms' } });
  for (const { runId, projectId, status } of rig.sandbox.ledger().runs) {
    if (projectId === project && ['PENDING', 'RUNNING'].includes(status))
      rig.sandbox.endRun(runId, 'COMPLETED');
  }
}

/** How a schedule stands, once the keeper has answered, which a busy worker may not do in time. */
const stateOf = (name: string) =>
  until(
    'the keeper answers',
    async () => {
      const state = await rig.hex.schedules.describe(name);
      return state.missedStarts !== null && { ...state, missedStarts: state.missedStarts };
    },
    60_000,
  );

describe.concurrent('told once, with the command that fills it, and all clear once', {
  timeout: 240_000,
}, () => {
  it('skipped by overlap', async () => {
    const { apply, hears, told, hex } = rig;
    const name = ownName('overlap');
    hold(name);
    await apply({ name, schedule: { ...soonEvery(10), partition: 'end' } });
    const message = await hears(name, 'missed', 'skipped');
    expect(measure('skipped by overlap', startIn(message), message)).toBeLessThan(60);
    expect(message).toMatchObject({ severity: 'error', pipeline: name, title: `Pipeline "${name}"` });
    expect(message.text).toMatch(
      /^(Start 20\S+ of schedule "overlap\S+" was|\d+ starts of schedule "overlap\S+", \S+ to \S+, were) skipped: a run was still going on\. To run (it|them): temporal schedule backfill --schedule-id overlap/,
    );
    await until('another', async () => (await hex.schedules.describe(name)).skipped >= 2, 60_000);
    await hex.schedules.pause(name);
    await until(
      'all are shown',
      async () => {
        const { skipped, missedStarts } = await stateOf(name);
        return missedStarts.find(({ kind }) => kind === 'overlap')?.count === skipped;
      },
      60_000,
    );
    letGo(name);
    await fill(name, 'overlap');
    await hears(name, 'filled');
    const skips = told(name).filter(({ text }) => text.includes('skipped') || text.includes('missed before'));
    expect(skips.map(({ event }) => event)).toEqual(['missed', 'filled']);
  });

  it('paused, by hand or by the file', async () => {
    const { apply, hears, told, hex } = rig;
    const name = ownName('paused');
    await apply({ name, schedule: { ...soonEvery(20), paused: true, partition: 'end' } });
    const message = await hears(name, 'missed');
    expect(measure('paused', startIn(message), message)).toBeLessThan(60);
    expect(message.text).toContain(
      `did not happen: the schedule was paused. To go on: temporal-hex schedule resume ${name}`,
    );
    const shown = await until(
      'shown',
      async () => (await stateOf(name)).missedStarts.length > 0 && list(),
      60_000,
    );
    expect(shown).toMatch(new RegExp(`${name}.* [1-9]\\d*: 20\\d\\d-`));
    await hex.schedules.resume(name);
    await fill(name, 'paused');
    await hears(name, 'filled');
    await hex.schedules.pause(name);
    const pauses = told(name).filter(({ gap }) => gap?.includes('/paused/'));
    expect(pauses.map(({ event }) => event).slice(0, 2)).toEqual(['missed', 'filled']);
  });

  it('all clear when a missed partition was run by hand', async () => {
    const { apply, hears, hex } = rig;
    const name = ownName('given');
    const first = Math.ceil(Date.now() / 10_000) * 10_000 + 10_000;
    const [only, before] = [first, first - 10_000].map((at) => new Date(at).toISOString());
    const times = { every: '10s', start: only, end: only } as const;
    await apply({ name, schedule: { ...times, paused: true, partition: 'end' } });
    const { text } = await hears(name, 'missed');
    await hex.startPipeline({
      pipeline: { name, steps: [{ projectId: name, ...FAST }] },
      ...{ partition: /Start (\S+) of/.exec(text)?.[1] ?? '', scheduledTime: only ?? '' },
      interval: { start: before ?? '', end: only ?? '' },
    });
    expect((await hears(name, 'filled')).text).toContain('All clear: Start');
  });

  it('late, because a run before must end first', async () => {
    const { apply, hears, told, hex } = rig;
    const name = ownName('buffered');
    hold(name);
    // The third start must be far from when it is told that the second is late.
    await apply({
      name,
      schedule: { ...soonEvery(25), overlap: 'buffer_one', lateAfter: '5s', partition: 'end' },
    });
    const message = await hears(name, 'late');
    expect(measure('late by more than lateAfter', startIn(message) + 5_000, message)).toBeLessThan(60);
    expect(message.text).toMatch(/did not happen within 5\.0s: a run before must end first/);
    letGo(name);
    await hears(name, 'filled');
    await hex.schedules.pause(name);
    expect(
      told(name)
        .slice(0, 2)
        .map(({ event }) => event),
    ).toEqual(['late', 'filled']);
  });

  it('of a schedule made by hand, too, whose starts have no partitions', async () => {
    const { temporalCli, hears, hex, taskQueue } = rig;
    const name = ownName('by-hand');
    const input = JSON.stringify({ name, steps: [{ projectId: name }] });
    await temporalCli(
      ...['schedule', 'create', '--schedule-id', name, '--interval', '20s', '--paused', '--input', input],
      ...['--type', 'hexPipeline', '--workflow-id', name, '--task-queue', taskQueue],
    );
    cleanUps.push(() => hex.schedules.delete(name));
    await hex.schedules.pause(name); // The keeper looks: by itself, it would within five minutes.
    const message = await hears(name, 'missed', 'paused');
    expect(message.text).toMatch(
      /^(Start |\d+ starts of schedule "by-hand\S+", )20\d\d-\d\d-\d\dT\d\d:\d\d:[024]0Z /,
    );
    measure('paused, made by hand', startIn(message), message);
    await hex.schedules.resume(name);
    await fill(name, 'paused');
    await hears(name, 'filled');
  });

  it('and a schedule that has lost its starts at clock changes gets them back', async () => {
    const { apply, hex, temporal } = rig;
    const name = ownName('renewed');
    await apply({ name, timezone: 'Europe/Berlin', schedule: { cron: '30 2 * * *' } });
    const handle = temporal.schedule.getHandle(name);
    const { spec } = await handle.describe();
    expect(spec.intervals?.length).toBeGreaterThan(10);
    await handle.update(({ spec: { intervals: _, ...without }, ...rest }) => ({ ...rest, spec: without }));
    await hex.schedules.resume(name); // The keeper looks.
    await until(
      'renewed',
      async () => (await handle.describe()).spec.intervals?.length === spec.intervals?.length,
      60_000,
    );
  });

  it('what a backfill of ours runs counts, whatever characters the name has: fresh by the newest partition, and all clear', async () => {
    const { apply, hears, hex } = rig;
    const name = ownName('"backfilled"');
    const schedule = { ...soonEvery(5), paused: true, partition: 'end' } as const;
    const steps = [{ projectId: 'backfilled', ...FAST }];
    await apply({ name, freshWithin: '15s', schedule, steps });
    await hears(name, 'stale');
    const pipeline = { name, schedule, steps };
    const fillByBackfill = async () => {
      const [gap] = (await stateOf(name)).missedStarts;
      if (!gap) return;
      const { from, to } = gap;
      await (await hex.backfills.start({ pipeline, from, to, maxActive: 20 })).result();
      await until('all are in the list', async () =>
        (await hex.partitions(pipeline, { from, to })).every(({ state }) => state === 'done'),
      );
    };
    await fillByBackfill();
    await hex.schedules.pause(name); // The keeper looks.
    await hears(name, 'fresh');
    await hex.schedules.resume(name);
    await fillByBackfill();
    await hears(name, 'filled');
  });

  it('freshness: stale once, not fresh by a backfill of last year, and fresh again once', async () => {
    const { apply, hears, told, hex, temporalCli, started } = rig;
    const name = ownName('fresh');
    await apply({ name, freshWithin: '12s', schedule: { every: '3s', overlap: 'allow_all' } });
    await until('a start', async () => (await started(name)).length > 0, 60_000);
    await hex.schedules.pause(name);
    const stale = await hears(name, 'stale');
    const { freshness } = await stateOf(name);
    expect(freshness?.stale).toBe(true);
    const knowable = Date.parse(freshness?.lastSuccess ?? '') + 12_000;
    expect(measure('no longer fresh', knowable, stale)).toBeLessThan(60);
    const year = new Date().getUTCFullYear() - 1;
    await temporalCli(
      ...['schedule', 'backfill', '--schedule-id', name, '--overlap-policy', 'AllowAll'],
      ...['--start-time', `${year}-01-01T00:00:00Z`, '--end-time', `${year}-01-01T00:00:12Z`],
    );
    const old = async () => (await started(name)).filter((id) => id.includes(`${name}-${year}`));
    await until(
      'the backfill is done',
      async () => {
        const states = await Promise.all(
          (await old()).map((id) => rig.temporal.workflow.getHandle(id).describe()),
        );
        return states.length === 5 && states.every(({ status }) => status.name === 'COMPLETED');
      },
      60_000,
    );
    await hex.schedules.pause(name); // The keeper looks.
    expect((await stateOf(name)).freshness).toEqual(freshness);
    await hex.schedules.resume(name);
    await hears(name, 'fresh');
    await hex.schedules.pause(name);
    const about = told(name)
      .map(({ event }) => event)
      .filter((event) => /stale|fresh/.test(event));
    expect(about).toEqual(['stale', 'fresh']);
  });
});
