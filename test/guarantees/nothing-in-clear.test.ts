import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { searchAttributeTypes } from '../../src/contract/search-attributes.js';
import type { HexPipelineInput, PipelineProgress, RunProgress, SensorProgress } from '../../src/index.js';
import { startDevServer } from '../../src/temporal-server/index.js';
import { cli, emptyFolder } from '../support/cli.js';
import { FAST, failureOf, type Harness, harness, until } from '../support/harness.js';
import { type ClearPayload, payloadsInClear } from '../support/payloads-in-clear.js';
import { server } from '../support/server.js';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const KEYS = key('2026-11');
/** Keys, and a limiter whose events and queries go through them. */
const ENCRYPTED = { HEX_CODEC_KEYS: KEYS, HEX_LIMITS: 'on' };

/** One word for every door that a value comes in by. */
const WORDS = {
  param: 'clear-parameter',
  input: 'clear-input',
  item: 'clear-item',
  reason: 'clear-reason',
  person: 'clear-person',
  failure: 'clear-failure',
  schedule: 'clear-schedule',
  backfill: 'clear-backfill',
  sensor: 'clear-sensor',
  description: 'clear-description',
  prompt: 'clear-prompt',
  file: 'clear-file',
} as const;

const PIPELINE: HexPipelineInput = {
  pipeline: {
    name: 'regions',
    description: WORDS.description,
    params: { region: { type: 'string' } },
    steps: [
      { id: 'extract', projectId: 'extract', inputParams: { region: '{{ params.region }}' }, ...FAST },
      {
        id: 'each',
        dependsOn: ['extract'],
        forEach: [WORDS.item],
        projectId: 'each',
        inputParams: { region: '{{ item }}' },
        ...FAST,
      },
      { id: 'publish', dependsOn: ['each'], approval: { prompt: WORDS.prompt } },
    ],
  },
  params: { region: WORDS.param },
};

/** Everything of ours that runs on a server; each has said something to another. */
const OURS = [
  ...['hexBackfill', 'hexJanitor', 'hexKeeper', 'hexLimiter', 'hexPipeline', 'hexRun', 'hexSensor'],
  'nightly',
];

interface Kept {
  /** The files of its database, in the end. */
  database: Buffer;
  inClear: ClearPayload[];
}

/** What a server keeps after the same few things were done with it. */
async function keptAfter(env: Record<string, string>): Promise<Kept> {
  const folder = emptyFolder();
  const own = await startDevServer({
    cli: { path: server.cli },
    port: 0,
    uiPort: false,
    dbFilename: join(folder, 'temporal.db'),
    searchAttributes: searchAttributeTypes(),
  });
  onTestFinished(() => own.stop());
  // The janitor takes a fifth of the reads, which would be one in five seconds.
  const reads = { HEX_READS_PER_MINUTE: 'none', HEX_READS_PER_HOUR: 'none' };
  const settings = { HEX_LIMITS: 'on', HEX_KEEPER: 'on', ...reads, ...env };
  const rig = await harness({ address: own.address, env: settings });
  await useEverything(rig, folder);
  const inClear = await payloadsInClear(rig.temporal);
  await own.stop();
  const files = readdirSync(folder).filter((name) => name.startsWith('temporal.db'));
  const database = Buffer.concat(files.map((name) => readFileSync(join(folder, name))));
  return { database, inClear };
}

async function useEverything(rig: Harness, folder: string): Promise<void> {
  const { hex, temporal, taskQueue, env } = rig;
  const run = await hex.startRun({ projectId: 'sales', inputParams: { region: WORDS.input }, ...FAST });
  await run.result();
  const pipeline = await hex.startPipeline(PIPELINE, { workflowId: 'regions-1' });
  await until('it waits for somebody', async () => {
    const { steps } = (await hex.progress('regions-1')) as PipelineProgress;
    return steps.some(({ id, status }) => id === 'publish' && status === 'approval');
  });
  await hex.control('regions-1', 'reject', {
    step: 'publish',
    by: WORDS.person,
    reason: WORDS.reason,
  });
  await failureOf(pipeline.result());
  const wrong = await temporal.workflow.start('hexRun', {
    taskQueue,
    workflowId: 'wrong-1',
    args: [{ projectId: 'sales', [WORDS.failure]: true }],
  });
  await failureOf(wrong.result());
  writeFileSync(
    join(folder, `${WORDS.file}.json`),
    JSON.stringify({
      name: 'nightly',
      schedule: { cron: '0 6 * * *', params: { region: WORDS.schedule } },
      params: { region: { type: 'string' } },
      steps: [{ id: 'extract', projectId: 'extract', inputParams: { region: '{{ params.region }}' } }],
    }),
  );
  for (const action of ['create', 'unchanged']) {
    const applied = await cli(['schedule', 'apply', join(folder, `${WORDS.file}.json`), '--json'], env);
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining(`"${action}"`) });
  }
  await until(
    'the keeper has looked at it',
    async () => (await hex.schedules.describe('nightly')).missedStarts,
  );
  const backfill = await hex.backfills.start({
    pipeline: {
      name: 'daily',
      schedule: { cron: '0 6 * * *' },
      params: { region: { type: 'string' } },
      steps: [{ id: 'load', projectId: 'load', inputParams: { region: '{{ params.region }}' }, ...FAST }],
    },
    params: { region: WORDS.backfill },
    partitions: ['2026-03-27'],
  });
  await backfill.result();
  const sensor = {
    name: 'sensed',
    on: { projects: 'sensed', every: '200ms', params: { region: WORDS.sensor } },
    params: { region: { type: 'string' } },
    steps: [{ projectId: 'never', when: false }],
  };
  for (const action of ['create', 'unchanged']) {
    const applied = await hex.sensors.apply([{ file: `${WORDS.file}.yaml`, input: sensor as never }]);
    expect(applied).toMatchObject([{ action }]);
  }
  const sensed = (is: (progress: SensorProgress) => boolean) =>
    until('the sensor', async () => is(await hex.sensors.describe('sensed')));
  await sensed(({ projects }) => projects.every(({ lookedAt }) => lookedAt !== null));
  rig.sandbox.seed({ projectId: 'sensed', duration: 1 });
  await sensed(({ endings }) => endings === 1);
  await temporal.workflow.execute('hexJanitor', {
    taskQueue,
    workflowId: 'janitor-1',
    args: [{ connection: 'default', mode: 'report', roundInterval: '100ms' }],
  });
}

describe('with HEX_CODEC_KEYS', () => {
  it('no value of an input, a decision, a failure, a schedule, a backfill or a sensor is in the database, and nothing that our workflows say to each other', async () => {
    const [sealed, clear] = await Promise.all([keptAfter(ENCRYPTED), keptAfter({})]);
    const found = ({ database }: Kept) => Object.values(WORDS).filter((word) => database.includes(word));
    expect(found(clear)).toEqual(Object.values(WORDS));
    expect(found(sealed)).toEqual([]);
    expect(sealed.inClear).toEqual([]);
    expect([...new Set(clear.inClear.map(({ of }) => of))]).toEqual(expect.arrayContaining(OURS));
  });

  it('a start whose answer was lost is resolved, beside the run of another workflow', async () => {
    const { hex, sandbox } = await harness({ env: ENCRYPTED, sandbox: { duration: '1h' } });
    const other = await hex.startRun({ projectId: 'lost', ...FAST });
    const [first] = (
      await sandbox.waitFor(({ requests }) => requests.some(({ operation }) => operation === 'getRunStatus'))
    ).runs;
    sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
    const handle = await hex.startRun({ projectId: 'lost', ...FAST });
    const progress = await until('its run is adopted', async () => {
      const one = await hex.progress(handle.workflowId);
      return 'adopted' in one && one.adopted && one;
    });
    expect(progress).toMatchObject({ runId: expect.not.stringMatching(first?.runId ?? '-') });
    expect(sandbox.ledger().runs).toHaveLength(2);
    await Promise.all([other.cancel(), handle.cancel()]);
    await Promise.allSettled([other.result(), handle.result()]);
    expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED', 'KILLED']);
  });

  it('a run in line says its place, and a worker in a process of its own gives it its turn', async () => {
    const rig = await harness({
      env: { ...ENCRYPTED, HEX_KERNELS: '1' },
      sandbox: { duration: '1h' },
      worker: false,
    });
    await rig.spawnWorker();
    const first = await rig.hex.startRun({ projectId: 'first', ...FAST });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 1);
    const second = await rig.hex.startRun({ projectId: 'second', ...FAST });
    const inLine = await until('it is in line', async () => {
      const { waitingFor } = (await rig.hex.progress(second.workflowId)) as RunProgress;
      return waitingFor?.includes('place 1 in line') && waitingFor;
    });
    expect(inLine).toContain('a free kernel');
    const { stdout: findings } = await cli(['doctor', '--json'], rig.env);
    expect(findings).toContain('1 in flight, 1 in line');
    rig.sandbox.settings({ duration: 100 });
    await first.cancel();
    expect(await second.result()).toMatchObject({ success: true });
    await expect(first.result()).rejects.toThrow();
  });

  it('a limiter that begins does not stop the runs of a worker without its keys', async () => {
    const clear = await harness({ sandbox: { duration: '1h' } });
    const run = await clear.hex.startRun({ projectId: 'other-team', ...FAST });
    const { runs } = await clear.sandbox.waitFor((ledger) => ledger.runs.length === 1);
    const sealed = await harness({ env: ENCRYPTED });
    const first = await sealed.hex.startRun({ projectId: 'first', ...FAST });
    expect(await first.result()).toMatchObject({ success: true });
    clear.sandbox.endRun(runs[0]?.runId ?? '', 'COMPLETED');
    expect(await run.result()).toMatchObject({ success: true });
    const { events } = await clear.temporal.workflow.getHandle(run.workflowId).fetchHistory();
    const signals = events?.flatMap(
      ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? [],
    );
    expect(signals).toContain('askAgain/default');
  });

  it('a rerun reads what the first execution did, and a new first key leaves the old ones readable', async () => {
    const rig = await harness({ env: ENCRYPTED });
    rig.sandbox.script([{ match: { projectId: 'load' }, endAs: 'ERRORED' }]);
    const steps = ['extract', 'load'].map((id) => ({ id, projectId: id, ...FAST }));
    const failed = await rig.hex.startPipeline({ name: 'etl', steps });
    await failureOf(failed.result());
    const rotated = { ...rig.env, HEX_CODEC_KEYS: `${key('2027-01')},${KEYS}` };
    const { code, stdout } = await cli(['rerun', failed.workflowId, '--dry-run', '--json'], rotated);
    expect({ code, plan: JSON.parse(stdout) }).toMatchObject({ code: 0 });
    expect(stdout).toContain('extract');
    const without = await cli(['rerun', failed.workflowId, '--dry-run'], {
      ...rig.env,
      HEX_CODEC_KEYS: key('2027-01'),
    });
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('"2026-11"') });
  });
});

describe('settings of encryption that cannot be used', () => {
  const secret = randomBytes(16).toString('base64');
  it.each([
    ['a key without an id', 'HEX_CODEC_KEYS', secret, /HEX_CODEC_KEYS:? has no id for key 1/],
    [
      'a short key',
      'HEX_CODEC_KEYS',
      `a:${secret}`,
      /HEX_CODEC_KEYS:? has for the id "a" no key of 32 bytes/,
    ],
    ['an id twice', 'HEX_CODEC_KEYS', `${KEYS},${KEYS}`, /has two keys with the id "2026-11"/],
    ['no file', 'HEX_CODEC_KEYS_FILE', '/nowhere', /HEX_CODEC_KEYS_FILE:? names a file that cannot be read/],
    [
      'no module',
      'HEX_DATA_CONVERTER',
      './no.js',
      /HEX_DATA_CONVERTER:? names a module that cannot be loaded/,
    ],
  ])(
    '%s: command and worker say what is wrong, and nothing of the key',
    async (_case, name, value, message) => {
      const env = { TEMPORAL_ADDRESS: server.address, HEX_API_TOKEN: 'x'.repeat(20), [name]: value };
      for (const args of [['worker'], ['progress', 'any']]) {
        const { code, stderr } = await cli(args, env);
        expect({ args, code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
        expect(stderr).not.toContain(secret);
      }
    },
  );
});
