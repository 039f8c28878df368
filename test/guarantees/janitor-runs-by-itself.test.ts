import { Client, ScheduleNotFoundError } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { scheduleJanitor } from '../../src/worker/janitor-schedules.js';
import { hexDependencies } from '../../src/worker.js';
import { type Harness, harness, TOKEN } from '../support/harness.js';
import { server } from '../support/server.js';

const LOOKS = ['quick', 'full'] as const;

/** What a worker that starts with this environment says of the janitor. */
async function start(rig: Harness, env: Record<string, string>): Promise<string[]> {
  const connection = await NativeConnection.connect({ address: server.address });
  const said: string[] = [];
  const config = loadConfig({ ...rig.env, ...env });
  try {
    await hexDependencies({
      connection,
      namespace: server.namespace,
      config,
      log: (line) => said.push(line),
    });
  } finally {
    await connection.close();
  }
  return said.filter((line) => line.includes('anitor'));
}

async function rig(): Promise<Harness> {
  const made = await harness({ worker: false });
  onTestFinished(async () => void (await start(made, { HEX_JANITOR: 'off' })));
  return made;
}

const handleOf = ({ temporal, taskQueue }: Harness, look: string, connection = 'default') =>
  temporal.schedule.getHandle(`hex-janitor/${taskQueue}/${connection}/${look}`);

async function inputsOf(world: Harness, connection?: string) {
  const inputs = LOOKS.map(async (look) => {
    const { action } = await handleOf(world, look, connection).describe();
    expect(action).toMatchObject({ workflowType: 'hexJanitor', taskQueue: world.taskQueue });
    return action.args?.[0];
  });
  return Promise.all(inputs);
}

it('a worker makes the schedules of every connection, reports by default, and says so in one line', async () => {
  const world = await rig();
  const said = await start(world, { HEX_JANITOR: '', HEX_CONNECTION_EU_API_TOKEN: TOKEN });
  onTestFinished(async () => {
    await start(world, { HEX_JANITOR: 'off', HEX_CONNECTION_EU_API_TOKEN: TOKEN });
  });
  expect(said).toEqual([
    expect.stringMatching(/^The janitor reports .*every 10 minutes.*HEX_JANITOR=report/),
  ]);
  for (const connection of ['default', 'eu'])
    expect(await inputsOf(world, connection)).toEqual(
      LOOKS.map((look) => ({ connection, look, mode: 'report' })),
    );
});

it('another HEX_JANITOR changes the mode and nothing that somebody has changed by hand', async () => {
  const world = await rig();
  await start(world, { HEX_JANITOR: 'report' });
  const quick = handleOf(world, 'quick');
  await quick.pause('a holiday');
  await quick.update(({ spec: _, ...rest }) => ({ ...rest, spec: { intervals: [{ every: '1 hour' }] } }));
  expect(await start(world, { HEX_JANITOR: 'cancel' })).toEqual([expect.stringContaining('cancels')]);
  expect(await inputsOf(world)).toEqual(
    LOOKS.map((look) => ({ connection: 'default', look, mode: 'cancel' })),
  );
  const { spec, state } = await quick.describe();
  expect(spec.intervals).toMatchObject([{ every: 3_600_000 }]);
  expect(state).toMatchObject({ paused: true, note: 'a holiday' });
});

it('HEX_JANITOR=off removes them, and has nothing to say where there are none', async () => {
  const world = await rig();
  await start(world, { HEX_JANITOR: 'cancel' });
  expect(await start(world, { HEX_JANITOR: 'off' })).toEqual([expect.stringContaining('HEX_JANITOR=off')]);
  expect(await start(world, { HEX_JANITOR: 'off' })).toEqual([]);
  for (const look of LOOKS)
    await expect(handleOf(world, look).describe()).rejects.toBeInstanceOf(ScheduleNotFoundError);
});

it('a schedule that cannot be made stops nothing: the worker says why', async () => {
  const { env } = await harness({ worker: false });
  const connection = await NativeConnection.connect({ address: server.address });
  onTestFinished(() => connection.close());
  const said: string[] = [];
  const nowhere = new Client({ connection, namespace: 'no-such-namespace' });
  await scheduleJanitor(nowhere, loadConfig({ ...env, HEX_JANITOR: 'report' }), (line) => said.push(line));
  expect(said).toEqual([
    expect.stringMatching(/could not be made; the worker goes on without. .*no-such-namespace/i),
  ]);
});

it('a word that it does not know is refused, with those that it knows', () => {
  const env = { HEX_API_TOKEN: TOKEN, HEX_JANITOR: 'kill' };
  expect(() => loadConfig(env)).toThrow('HEX_JANITOR must be off, report or cancel');
});
