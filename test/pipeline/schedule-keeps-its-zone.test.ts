import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { rerunPipeline } from '../../src/client/rerun/index.js';
import { InvalidInputError } from '../../src/client.js';
import type { HexPipelineInput, StepDefinition } from '../../src/index.js';
import { FAST, failureOf, type Harness, harness, until } from '../support/harness.js';

const LATE = { cronExpressions: ['30 22 * * *'], timezone: 'America/Los_Angeles' };
const STEP = { projectId: 'sales', inputParams: { d: '{{ run.date }} {{ run.timezone }}' }, ...FAST };
const steps: StepDefinition[] = [STEP];
const LOCAL = '2026-01-30 America/Los_Angeles';

let rig: Harness;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-hex-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'plain.json'), JSON.stringify({ steps }));
  writeFileSync(join(folder, 'tokyo.json'), JSON.stringify({ timezone: 'Asia/Tokyo', steps }));
  rig = await harness({ atEnd: afterAll, env: { HEX_PIPELINES_DIR: folder } });
});

/** Lets the schedule fire for 22:30 on January 30th in Los Angeles; the id of the workflow that it starts. */
async function fire(input: HexPipelineInput, spec: object = LATE): Promise<string> {
  const scheduleId = `late-${rig.taskQueue}-${Math.random()}`;
  const schedule = await rig.hex.schedulePipeline(input, { scheduleId, spec, paused: true });
  onTestFinished(() => schedule.delete());
  const day = { start: new Date('2026-01-31T00:00:00Z'), end: new Date('2026-01-31T12:00:00Z') };
  await schedule.backfill({ ...day, overlap: 'ALLOW_ALL' });
  return until('the start', async () => {
    const { info } = await schedule.describe();
    const action = info.recentActions[0]?.action;
    return action?.type === 'startWorkflow' && action.workflow.workflowId;
  });
}

/** What Hex got of `d` while the work was done. */
async function sent(work: () => Promise<unknown>): Promise<unknown[]> {
  const before = rig.sandbox.ledger().runs.length;
  await work();
  return rig.sandbox
    .ledger()
    .runs.slice(before)
    .map(({ inputParams }) => (inputParams as { d: string }).d);
}

describe('schedulePipeline gives the date that the schedule has on its wall', () => {
  it.each<[string, HexPipelineInput, object]>([
    ['a definition', { steps }, LATE],
    ['a list of steps', steps, LATE],
    ['a definition with parameters', { pipeline: { steps }, params: {} }, LATE],
    ['a pipeline by name', { pipeline: 'plain' }, LATE],
    [
      'a zone in the cron expression',
      { steps },
      { cronExpressions: ['CRON_TZ=America/Los_Angeles 30 22 * * *'] },
    ],
    ['the same zone in both', { timezone: 'America/Los_Angeles', steps }, LATE],
    ['a sub-pipeline', [{ id: 'in', pipeline: { steps } }], LATE],
    ['a sub-pipeline by name', [{ id: 'in', pipeline: 'plain' }], LATE],
  ])('%s', async (_what, input, spec) => {
    expect(await sent(async () => rig.hex.result(await fire(input, spec)))).toEqual([LOCAL]);
  });

  it('a zone of its own stays with a sub-pipeline, and a pipeline whose schedule has none', async () => {
    const own = { pipeline: { timezone: 'Asia/Tokyo', steps } };
    expect(await sent(async () => rig.hex.result(await fire([{ id: 'in', ...own }])))).toEqual([
      '2026-01-31 Asia/Tokyo',
    ]);
    const utc = { cronExpressions: ['30 6 * * *'] };
    expect(await sent(async () => rig.hex.result(await fire(own.pipeline, utc)))).toEqual([
      '2026-01-31 Asia/Tokyo',
    ]);
  });

  it('also in a rerun', async () => {
    const workflowId = await fire({ steps });
    await rig.hex.result(workflowId);
    const again = async () =>
      (await rerunPipeline(rig.temporal, workflowId, { from: ['sales'] })).handle.result();
    expect(await sent(again)).toEqual([LOCAL]);
  });
});

describe('a pipeline with another zone than its schedule is refused', () => {
  it.each<[string, HexPipelineInput]>([
    ['in its definition', { timezone: 'UTC', steps }],
    ['in the longer form', { pipeline: { timezone: 'UTC', steps }, params: {} }],
    ['beside its definition', { pipeline: { steps }, timezone: 'Europe/Berlin' }],
    ['beside its name', { pipeline: 'plain', timezone: 'Europe/Berlin' }],
  ])('%s, before anything is sent', async (_where, input) => {
    const schedule = async () =>
      rig.hex.schedulePipeline(input, { scheduleId: `no-${rig.taskQueue}`, spec: LATE });
    await expect(schedule).rejects.toThrow(InvalidInputError);
    await expect(schedule).rejects.toThrow(/timezone: is "\S+" in the definition and "America\/Los_Angeles"/);
  });

  it('by name when it is started, and nothing reaches Hex', async () => {
    const failed = async () => failureOf(rig.hex.result(await fire({ pipeline: 'tokyo' })));
    let failure: Awaited<ReturnType<typeof failed>> | undefined;
    expect(await sent(async () => (failure = await failed()))).toEqual([]);
    expect(failure).toMatchObject({ type: 'InvalidInput' });
    expect(failure?.message).toMatch(
      /timezone: is "Asia\/Tokyo" in the definition and "America\/Los_Angeles"/,
    );
  });

  it('two names of one zone are one', async () => {
    const utc = { cronExpressions: ['30 6 * * *'], timezone: 'Etc/UTC' };
    expect(await sent(async () => rig.hex.result(await fire({ timezone: 'UTC', steps }, utc)))).toEqual([
      '2026-01-31 UTC',
    ]);
  });
});
