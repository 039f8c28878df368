import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import axe, { type Result } from 'axe-core';
import type { BrowserContext, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { PipelineRow, PipelinesAnswer, RunAnswer } from '../../src/console/contract.js';
import { exportRun } from '../../src/console/export.js';
import { type StartConsoleOptions, type StartedConsole, startConsole } from '../../src/console.js';
import { limiterId } from '../../src/contract/ids.js';
import { limiterEventsSignal, lineQuery } from '../../src/contract/messages.js';
import type { PipelineDefinition, PipelineProgress } from '../../src/index.js';
import { inChromium } from '../support/browser.js';
import { emptyFolder } from '../support/cli.js';
import { type AtEnd, type Harness, harness, until } from '../support/harness.js';
import { hurriedConsole } from '../support/hurried-console.js';
import { hex } from '../support/pipelines.js';

hurriedConsole();

/** A step whose run goes on until the test ends it. */
const slow = (step: string) => ({ projectId: 'slow', inputParams: { step }, dependsOn: [] });
/** Only a person who asks for it sees the end of such a run in time; runs of one project are read together. */
const SELDOM = { first: '20ms', min: '1h', max: '1h' };
const PAGES = [
  '',
  'pipelines',
  'backfills',
  'backfills/new',
  'line',
  'schedules',
  'sensors',
  'connections',
  'workers',
];
const PIPELINE_TABS = ['grid', 'calendar', 'durations', 'definition', 'schedule'];
const RUN_TABS = ['steps', 'graph', 'time', 'params', 'audit'];
/** The rules of axe that look at colours. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** What the choice of a time zone has beside its words and its arrow, in pixels. */
const CHOICE_ROOM = `(() => {
  const choice = document.querySelector('.top-tools select');
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = getComputedStyle(choice).font;
  return choice.clientWidth - pen.measureText(choice.selectedOptions[0].text).width - 16;
})()`;

/** A console over the client of a harness. */
async function consoleFor(
  rig: Harness,
  atEnd: AtEnd,
  options: Partial<StartConsoleOptions> = {},
): Promise<StartedConsole> {
  const { temporal: client, taskQueue } = rig;
  const served = await startConsole({ client, taskQueue, port: 0, ...options });
  atEnd(() => served.close());
  return served;
}

inChromium('the pages of the console', (browser) => {
  let rig: Harness;
  let served: StartedConsole;
  let context: BrowserContext;
  let page: Page;
  /** What a page must never have: errors of scripts, and what the policy of content refused. */
  let wrong: string[] = [];
  const name = `console-${randomUUID().slice(0, 8)}`;

  beforeAll(async () => {
    rig = await harness({
      atEnd: afterAll,
      sandbox: { durations: { slow: 'forever', seldom: 'forever' } },
      // A line that people see, and that nothing waits in unless a test says so.
      env: {
        ...{ HEX_LIMITS: 'on', HEX_STARTS_PER_MINUTE: 'none', HEX_STARTS_PER_HOUR: 'none' },
        ...{ HEX_READS_PER_MINUTE: 'none', HEX_KERNELS: 'none' },
      },
    });
    served = await consoleFor(rig, afterAll);
    context = await (await browser()).newContext({
      timezoneId: 'Asia/Tokyo',
      viewport: { width: 1280, height: 800 },
    });
    context.setDefaultTimeout(10_000);
    // By the protocol of the debugger, which the policy of content does not bind.
    await context.addInitScript({ content: axe.source });
    await context.addInitScript({
      content: "window.alert = () => { throw new Error('a script of somebody else ran'); };",
    });
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') wrong.push(message.text());
    });
    page.on('pageerror', (error) => wrong.push(error.message));
    await page.goto(served.link);
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
    await page.locator('button.who').click();
    await page.getByRole('textbox', { name: 'Name' }).fill('ada');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  beforeEach(() => {
    rig.sandbox.reset();
    wrong = [];
  });

  afterEach(() => {
    expect(wrong).toEqual([]);
  });

  const go = (path: string) => page.goto(new URL(path, served.url).href);
  const runPath = (workflowId: string, query = '') => `runs/${encodeURIComponent(workflowId)}${query}`;
  const started = async (definition: PipelineDefinition) =>
    (
      await rig.hex.startPipeline(
        { name, ...definition },
        { workflowId: `${name}-${randomUUID().slice(0, 8)}` },
      )
    ).workflowId;
  const row = (step: string) =>
    page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: step }) });
  const confirm = async (button: string | RegExp, reason?: string) => {
    const dialog = page.getByRole('dialog');
    if (reason) await dialog.getByLabel(/Reason/).fill(reason);
    await dialog.getByRole('button', { name: button }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  /** Asks for something by a button of a row or of the page, and confirms it. */
  const act = async (step: string | null, label: string, button: string, reason?: string) => {
    if (step === null)
      await page.locator('.page-actions').getByRole('button', { name: label, exact: true }).click();
    else {
      await page.getByRole('rowheader').getByRole('button', { name: step, exact: true }).click();
      await page
        .getByRole('complementary', { name: `Step ${step}` })
        .getByRole('button', { name: `${label}: ${step}`, exact: true })
        .click();
    }
    await confirm(button, reason);
    if (step !== null) await page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
  };
  /** The page may say that a step runs before its run is in Hex. */
  const endRunOf = async (projectId: string, status: 'COMPLETED' | 'ERRORED') => {
    const isMeant = (run: { projectId: string; alive: boolean }) => run.projectId === projectId && run.alive;
    await rig.sandbox.waitFor(({ runs }) => runs.some(isMeant));
    rig.sandbox.endRun(rig.sandbox.ledger().runs.find(isMeant)?.runId ?? '', status);
  };
  /** What the ledger has of each step: the input says which it is. */
  const runsByStep = () =>
    rig.sandbox.ledger().runs.map((run) => [String(run.inputParams?.step), run] as const);
  const progress = async (workflowId: string) => (await rig.hex.progress(workflowId)) as PipelineProgress;
  const seriousFindings = async (rules: string[] = []) => {
    // Only what is wrong is described and handed over.
    const options = { resultTypes: ['violations'], selectors: false, preload: false };
    const asked = { ...options, ...(rules.length > 0 && { runOnly: rules }) };
    const found = await page.evaluate<Result[]>(
      `axe.run(document, ${JSON.stringify(asked)}).then(({ violations }) => violations)`,
    );
    return found
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  };

  it('watches a run to its end without a reload, and an approval given on the page is carried out in the name of who gave it', async () => {
    const workflowId = await started({
      steps: [
        hex('extract'),
        { id: 'look', dependsOn: 'extract', approval: { prompt: 'Are <b>the figures</b> right?' } },
        hex('load', { dependsOn: 'look', projectId: 'slow' }),
      ],
    });
    await go(runPath(workflowId));
    await row('look').getByText('waits for approval', { exact: true }).waitFor();
    expect(rig.sandbox.ledger().runs).toHaveLength(1);
    await row('look').getByRole('button', { name: 'Approve: look' }).click();
    await page.getByRole('dialog').getByText('Are <b>the figures</b> right?').waitFor();
    await confirm('Approve', 'they are');
    await row('load').getByText('running').waitFor();
    await endRunOf('slow', 'COMPLETED');
    await page.getByText('3 of 3 steps succeeded').waitFor();
    await page.locator('.page-about').getByText('success', { exact: true }).waitFor();
    const { audit } = await progress(workflowId);
    expect(audit).toMatchObject([{ action: 'approve', step: 'look', by: 'ada', reason: 'they are' }]);
    expect(rig.sandbox.ledger().runs).toHaveLength(2);
    await go(runPath(workflowId, '?tab=audit'));
    await page.getByRole('cell', { name: 'they are' }).waitFor();
  });

  it('every control of a step does in Hex what its question says, and asks for a reason where one is kept', async () => {
    const workflowId = await started({
      steps: [
        hex('broken', { ...slow('broken'), projectId: 'seldom', poll: SELDOM, onFailure: 'pause' }),
        hex('unneeded', slow('unneeded')),
        hex('stopped', { ...slow('stopped'), onFailure: 'continue' }),
        { id: 'refused', dependsOn: [], approval: { prompt: 'Go?' }, onFailure: 'continue' },
      ],
    });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 3);
    await go(runPath(workflowId));
    await act('unneeded', 'Skip', 'Skip the step', 'not needed');
    await row('unneeded').getByText('skipped', { exact: true }).waitFor();
    await act('stopped', 'Cancel', 'Cancel the step', 'too slow');
    await row('stopped').getByText('cancelled', { exact: true }).waitFor();
    await act('stopped', 'Mark as success', 'Mark as a success', 'done by hand');
    await row('stopped').getByText('success', { exact: true }).waitFor();
    await act('refused', 'Reject', 'Reject', 'not today');
    await row('refused').getByText('failed', { exact: true }).waitFor();
    const byStep = new Map(runsByStep());
    for (const step of ['unneeded', 'stopped'])
      expect(byStep.get(step)).toMatchObject({ status: 'KILLED', cancelRequests: 1 });
    rig.sandbox.endRun(byStep.get('broken')?.runId ?? '', 'ERRORED');
    await act('broken', 'Read now', 'Read now');
    await row('broken').getByText('waits for a decision').waitFor();
    await act('broken', 'Retry', 'Retry the step');
    await rig.sandbox.waitFor(({ runs }) => runs.length === 4);
    const { audit } = await progress(workflowId);
    expect(audit.map(({ action, by, reason }) => [action, by, reason])).toEqual([
      ['skipStep', 'ada', 'not needed'],
      ['cancelStep', 'ada', 'too slow'],
      ['markSuccess', 'ada', 'done by hand'],
      ['reject', 'ada', 'not today'],
      ['pollNow', 'ada', null],
      ['retryStep', 'ada', null],
    ]);
    await rig.hex.cancel(workflowId);
  });

  it('pauses, resumes and cancels a run, and runs it again from a step; cancelling ends its run in Hex', async () => {
    const workflowId = await started({
      steps: [
        hex('one'),
        hex('two', { projectId: 'slow', dependsOn: 'one' }),
        hex('three', { dependsOn: 'two' }),
      ],
    });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    await go(runPath(workflowId));
    await act(null, 'Pause', 'Pause');
    await page.getByText('paused by ada').waitFor();
    await act(null, 'Resume', 'Resume');
    await page.getByText('paused by ada').waitFor({ state: 'detached' });
    await act(null, 'Cancel', 'Cancel the pipeline');
    await page.locator('.page-about').getByText('cancelled', { exact: true }).waitFor();
    expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['COMPLETED', 'KILLED']);
    await go(runPath(workflowId));
    await act(null, 'Run again', 'Rerun');
    await page.waitForURL(({ pathname }) => pathname !== new URL(runPath(workflowId), served.url).pathname);
    await rig.sandbox.waitFor(({ runs }) => runs.length === 3);
    await endRunOf('slow', 'COMPLETED');
    await page.getByText('3 of 3 steps succeeded').waitFor();
    const inHex = () => rig.sandbox.ledger().runs.map(({ projectId }) => projectId);
    expect(inHex()).toEqual(['one', 'slow', 'slow', 'three']);
    const { pathname: good } = new URL(page.url());
    await row('two').getByRole('button', { name: 'Run again from here: two' }).click();
    await page.getByRole('dialog').getByText('run again: two, three').waitFor();
    await confirm('Rerun');
    await page.waitForURL(({ pathname }) => pathname !== good);
    await rig.sandbox.waitFor(({ runs }) => runs.length === 5);
    await endRunOf('slow', 'COMPLETED');
    await page.getByText('3 of 3 steps succeeded').waitFor();
    expect(inHex().slice(4)).toEqual(['slow', 'three']);
  });

  it('what waits in line is moved to the front on the page of the line and on that of its run, with who did it', async () => {
    const limiter = rig.temporal.workflow.getHandle(limiterId(rig.taskQueue, 'default'));
    const kernels = (count: number | null) =>
      limiter.signal(limiterEventsSignal, [{ type: 'settings', patch: { kernels: count } }]);
    const first = await started({ steps: [hex('one')] });
    await rig.hex.result(first);
    // The tests after this one need kernels, however it ends.
    onTestFinished(() => kernels(null));
    await kernels(0);
    const inLine = async (step: string) => {
      const workflowId = await started({ steps: [hex(step)] });
      const part = { of: workflowId, atMs: Date.now() };
      await until('in line', async () => (await limiter.query(lineQuery, part)).line.length > 0);
      return workflowId;
    };
    const ahead = await inLine('ahead');
    const behind = await inLine('behind');
    const last = await inLine('last');
    await go('line');
    const place = (workflowId: string) => page.getByRole('row').filter({ hasText: workflowId }).first();
    await page.getByRole('button', { name: `Move to the front: ${behind}/behind` }).click();
    await page.getByRole('dialog').getByText('Nothing is started or stopped in Hex now').waitFor();
    await confirm('Move to the front', 'the board meets');
    const moves = page.getByRole('table', { name: 'Moved to the front of the line of default' });
    await moves.getByRole('row').filter({ hasText: behind }).getByText('the board meets').waitFor();
    await place(behind).getByRole('cell', { name: '1', exact: true }).first().waitFor();
    expect(await seriousFindings()).toEqual([]);
    await go(runPath(last));
    await act(null, 'Move to the front', 'Move to the front');
    await go('line');
    await place(last).getByRole('cell', { name: '1', exact: true }).first().waitFor();
    await kernels(null);
    await Promise.all([ahead, behind, last].map((workflowId) => rig.hex.result(workflowId)));
    const { moves: kept } = await limiter.query(lineQuery);
    expect(kept.map(({ by, workflowId, reason }) => [by, workflowId, reason])).toEqual([
      ['ada', `${behind}/behind`, 'the board meets'],
      ['ada', last, null],
    ]);
  });

  it('a sensor is paused with a reason, resumed, and set back to a time, which is asked once more', async () => {
    const sensor = `${name}-sensor`;
    await rig.hex.sensors.start({
      name: sensor,
      on: { projects: ['watched'], every: '150ms' },
      signal: { workflowId: 'nobody', name: 'ended' },
    });
    try {
      await go('sensors');
      await page.getByRole('button', { name: `Pause: ${sensor}` }).click();
      await confirm('Pause', 'holidays');
      const shown = page.getByRole('row').filter({ hasText: sensor });
      await shown.getByText('by ada: holidays').waitFor();
      await page.getByRole('button', { name: `Resume: ${sensor}` }).click();
      await confirm('Resume');
      await page.getByRole('button', { name: `Pause: ${sensor}` }).waitFor();
      await page.getByRole('button', { name: `Set the cursor: ${sensor}` }).click();
      await page.getByLabel('Look anew for runs that ended since').fill('2026-01-31');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByRole('dialog').getByText('ended after 2026-01-31T00:00:00.000Z').waitFor();
      await confirm('Set the cursor');
      await shown.getByText('2026-01-31T00:00:00.000Z').waitFor();
    } finally {
      await rig.hex.sensors.delete(sensor);
    }
  });

  it('what is expected of a run is drawn behind its bars and beside its steps, and said in words', async () => {
    const workflowId = await started({
      steps: [
        hex('one'),
        hex('two', { dependsOn: 'one', projectId: 'slow' }),
        hex('three', { dependsOn: 'two' }),
      ],
    });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    const expectedEnd = {
      p50: new Date(Date.now() + 3_600_000).toISOString(),
      p90: new Date(Date.now() + 7_200_000).toISOString(),
    };
    const forecast = { from: null, p50: Date.parse(expectedEnd.p50), p90: Date.parse(expectedEnd.p90) };
    const later = { from: forecast.p50, p50: forecast.p50 + 1_800_000, p90: forecast.p90 };
    await page.route('**/api/live?*', (route) => route.abort());
    await page.route('**/api/run?*', async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as RunAnswer;
      const json = {
        ...answer,
        expectedEnd,
        steps: answer.steps.map((step) => (step.id === 'two' ? { ...step, expectedEnd } : step)),
        gantt: {
          ...answer.gantt,
          forecast,
          rows: [
            ...answer.gantt.rows.map((one) => (one.step === 'two' ? { ...one, forecast } : one)),
            { step: 'three', bars: [], forecast: later },
          ],
        },
      } satisfies RunAnswer;
      await route.fulfill({ response, json });
    });
    await go(runPath(workflowId));
    await page.locator('.page-about').getByText('expected to end about').waitFor();
    await row('two').getByText('expected to end about').waitFor();
    await page.getByRole('tab', { name: 'Time' }).click();
    await page.getByRole('img', { name: /All of it is expected to end about .*, nine of ten by / }).waitFor();
    const legend = page.getByRole('list', { name: 'Legend' });
    await legend.getByText('nine of ten by the second').waitFor();
    const bars = page.getByRole('region', { name: 'Time by step' }).locator('.expected, .forecast');
    expect(await bars.count()).toBe(5);
    const [, two, twoLate, three] = await bars.evaluateAll((all) =>
      all.map((bar) => ({ x: Number(bar.getAttribute('x')), width: Number(bar.getAttribute('width')) })),
    );
    // What is still to begin stands where it is expected to, not where it is now.
    expect(three?.x).toBeCloseTo(twoLate?.x ?? 0, 0);
    expect(three?.x).toBeGreaterThan((two?.x ?? 0) + (two?.width ?? 0) / 2);
    await page
      .getByText(/^three: expected to begin about .* and to end about/)
      .waitFor({ state: 'attached' });
    expect(await seriousFindings()).toEqual([]);
    await page.unroute('**/api/run?*');
    await page.unroute('**/api/live?*');
    await endRunOf('slow', 'COMPLETED');
    await rig.hex.result(workflowId);
    // The stream that was refused is what the browser complains of.
    wrong = wrong.filter((text) => !/ERR_FAILED/.test(text));
  });

  it('a form made from the types of the parameters starts a pipeline with them, and says what is wrong before anything is sent', async () => {
    const form = `${name}-form`;
    const inputParams = {
      all: '{{ params.region }} {{ params.limit }} {{ params.full }} {{ params.day }}',
      tags: '{{ params.tags }}',
    };
    const pipeline: PipelineDefinition = {
      name: form,
      params: {
        region: { type: 'string', enum: ['emea', 'apac'] },
        limit: { type: 'integer', default: 10 },
        tags: { type: 'array', default: [] },
        full: { type: 'boolean', default: false },
        day: { type: 'date', default: '{{ run.date }}' },
      },
      steps: [hex('load', { inputParams })],
    };
    await (await rig.hex.startPipeline({ pipeline, params: { region: 'emea' } })).result();
    rig.sandbox.reset();
    await go('pipelines');
    await page.getByRole('link', { name: form }).click();
    await page.getByRole('link', { name: 'Start…' }).click();
    await page.getByLabel(/^limit/).fill('many');
    await page.getByRole('button', { name: 'Start…' }).click();
    await page.getByText('limit must be a whole number').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.getByLabel(/^region/).selectOption('apac');
    await page.getByLabel(/^limit/).fill('3');
    await page.getByLabel(/^tags/).fill('["a", "b"]');
    await page.getByLabel(/^full/).selectOption('true');
    await page.getByLabel(/^day/).fill('2026-03-29');
    await page.getByRole('button', { name: 'Start…' }).click();
    await confirm(/Start/);
    await page.getByText('1 of 1 steps succeeded').waitFor();
    expect(rig.sandbox.ledger().runs.map((run) => run.inputParams)).toEqual([
      { all: 'apac 3 true 2026-03-29', tags: ['a', 'b'] },
    ]);
    await page.getByRole('tab', { name: 'Parameters' }).click();
    await page.getByRole('link', { name: 'Run again with other values…' }).click();
    await page.getByLabel(/^limit/).fill('5');
    await page.getByRole('button', { name: 'Run again…' }).click();
    await confirm('Rerun');
    await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    await page.getByText('1 of 1 steps succeeded').waitFor();
    expect(rig.sandbox.ledger().runs[1]?.inputParams).toEqual({
      all: 'apac 5 true 2026-03-29',
      tags: ['a', 'b'],
    });
  });

  it('a schedule is paused with a note, resumed, and started now: one run in Hex, about its newest date', async () => {
    const yearly = `${name}-yearly`;
    const input = { name: yearly, schedule: { cron: '30 2 1 1 *' }, steps: [hex('load')] };
    await rig.hex.schedules.apply([{ file: `${yearly}.yaml`, input }]);
    const schedule = rig.temporal.schedule.getHandle(yearly);
    await go('schedules');
    await page.getByRole('button', { name: `Pause: ${yearly}` }).click();
    await confirm('Pause', 'holidays');
    await page
      .getByRole('row')
      .filter({ hasText: yearly })
      .getByText(/paused.*holidays/)
      .waitFor();
    expect((await schedule.describe()).state).toMatchObject({
      paused: true,
      note: expect.stringContaining('ada'),
    });
    await page.getByRole('button', { name: `Resume: ${yearly}` }).click();
    await confirm('Resume');
    await page.getByRole('button', { name: `Pause: ${yearly}` }).waitFor();
    expect((await schedule.describe()).state.paused).toBe(false);
    await page.getByRole('button', { name: `Start now: ${yearly}` }).click();
    await confirm('Trigger');
    await rig.sandbox.waitFor(({ runs }) => runs.length === 1);
    await schedule.delete();
  });

  it('a backfill is planned before anything runs, and then runs each missing date once, seen to its end', async () => {
    const daily = `${name}-daily`;
    const definition = {
      name: daily,
      schedule: { cron: '30 2 * * *' },
      steps: [hex('load', { inputParams: { day: '{{ run.partition }}' } })],
    };
    await rig.hex.schedules.apply([{ file: `${daily}.yaml`, input: definition }]);
    await go(`backfills/new?pipeline=${daily}&from=2026-03-27&to=2026-03-30&maxActive=4`);
    await page.getByRole('heading', { name: '4 of 4 would be run' }).waitFor();
    expect(rig.sandbox.ledger().runs).toEqual([]);
    await page.getByLabel('To', { exact: true }).fill('2026-03-29');
    await page.getByRole('heading', { name: '3 of 3 would be run' }).waitFor();
    await page.getByRole('button', { name: 'Start the backfill…' }).click();
    await confirm('Start the backfill');
    await page.getByText('3 of 3 ended').waitFor();
    await page.locator('.page-about').getByText('success', { exact: true }).waitFor();
    expect(
      rig.sandbox
        .ledger()
        .runs.map(({ inputParams }) => inputParams?.day)
        .sort(),
    ).toEqual(['2026-03-27', '2026-03-28', '2026-03-29']);
    await go('backfills');
    await page.getByRole('row').filter({ hasText: daily }).getByText('success').waitFor();
    await go(`pipelines/${daily}?tab=calendar&year=2026&day=2026-03-28`);
    await page.getByRole('heading', { name: '2026-03-28: success, 1 run' }).waitFor();
    await rig.temporal.schedule.getHandle(daily).delete();
  });

  it('every page has no serious finding of axe, light and dark, wide and narrow, and nothing that the browser refused', async () => {
    const workflowId = await started({
      description: 'All of it',
      owner: 'ada',
      tags: ['core'],
      steps: [hex('one'), hex('two', { dependsOn: 'one', projectId: 'slow' })],
    });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    const paths = [
      ...PAGES,
      ...PIPELINE_TABS.map((tab) => `pipelines/${name}?tab=${tab}`),
      `pipelines/${name}/start`,
      ...RUN_TABS.map((tab) => runPath(workflowId, `?tab=${tab}&step=one`)),
      `${runPath(workflowId)}/again`,
      'no/such/page',
    ];
    for (const path of paths) {
      await go(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      // A theme changes colours, and nothing else.
      for (const [theme, rules] of Object.entries({ light: [], dark: COLOUR_RULES })) {
        await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
        expect(await seriousFindings(rules), `${path}, ${theme}`).toEqual([]);
      }
    }
    await page.setViewportSize({ width: 400, height: 800 });
    for (const path of ['', 'pipelines', `pipelines/${name}`, runPath(workflowId)]) {
      await go(path);
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      const wide = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(wide, `${path} is wider than the screen`).toBeLessThanOrEqual(0);
      expect(await page.evaluate(CHOICE_ROOM), `${path}: the time zone is cut`).toBeGreaterThan(0);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await endRunOf('slow', 'COMPLETED');
    await rig.hex.result(workflowId);
  });

  it('what people and Hex write is text: markup in a step, a reason, a failure and a description is shown, not run', async () => {
    const markup = '<img src=x onerror=alert(1)><script>alert(1)</script>';
    const workflowId = await started({
      description: markup,
      owner: markup,
      steps: [{ id: 'ask', approval: { prompt: markup }, onFailure: 'continue' }, hex('load', slow('load'))],
    });
    await go(runPath(workflowId));
    await row('ask').getByText(markup).first().waitFor();
    expect(await page.locator('#app img, #app script').count()).toBe(0);
    await rig.hex.control(workflowId, 'reject', { step: 'ask', by: markup, reason: markup });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 1);
    await endRunOf('slow', 'ERRORED');
    await rig.hex.result(workflowId).catch(() => undefined);
    for (const path of [runPath(workflowId, '?step=ask'), runPath(workflowId, '?tab=audit')]) {
      await go(path);
      await page.getByText(markup).first().waitFor();
      expect(await page.locator('#app img, #app script').count(), path).toBe(0);
    }
  });

  it('works by keyboard alone: finds a pipeline with /, walks the grid with arrows, opens the cell, and the address leads back to it', async () => {
    const workflowId = await started({ steps: [hex('one'), hex('two', { dependsOn: 'one' })] });
    await rig.hex.result(workflowId);
    await go('');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('/');
    await page.keyboard.type(name);
    await page.getByRole('option', { name: new RegExp(`^${name} (?!open)`) }).waitFor();
    await page.keyboard.press('Enter');
    const grid = page.getByRole('grid', { name: 'Steps by runs' });
    await grid.focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => grid.getByRole('gridcell').textContent()).toMatch(/^two, .*: success$/);
    await page.keyboard.press('Enter');
    const details = page.getByRole('complementary', { name: new RegExp(`^two of ${workflowId}`) });
    await details.getByText('Attempts').waitFor();
    await page.reload();
    await details.getByText('Attempts').waitFor();
    await grid.focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: workflowId }).waitFor();
  });

  it('a page asks for each of its answers once; after that, the stream tells what is new', async () => {
    const workflowId = await started({ steps: [hex('one')] });
    await rig.hex.result(workflowId);
    const asked: string[] = [];
    const note = (request: Request) => asked.push(new URL(request.url()).pathname);
    page.on('request', note);
    await go(runPath(workflowId));
    await page.getByText('1 of 1 steps succeeded').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    page.off('request', note);
    const answers = asked.filter((path) => path.startsWith('/api/') && path !== '/api/live');
    expect(answers.sort()).toEqual(['/api/me', '/api/run']);
  });

  it('one switch shows all times in the zone of the pipeline, in UTC or in mine, with the offset where a time comes twice', async () => {
    const times: [start: string, pipeline: RegExp, mine: RegExp, utc: RegExp][] = [
      [
        '2026-10-25T00:30:00.000Z',
        /^25 Oct( 2026)? 02:30 \+02:00$/,
        /^25 Oct( 2026)? 09:30$/,
        /^25 Oct( 2026)? 00:30$/,
      ],
      [
        '2026-10-25T01:30:00.000Z',
        /^25 Oct( 2026)? 02:30 \+01:00$/,
        /^25 Oct( 2026)? 10:30$/,
        /^25 Oct( 2026)? 01:30$/,
      ],
      [
        '2026-03-29T01:00:00.000Z',
        /^29 Mar( 2026)? 03:00 \+02:00$/,
        /^29 Mar( 2026)? 10:00$/,
        /^29 Mar( 2026)? 01:00$/,
      ],
    ];
    const pipelines: PipelineRow[] = times.map(([next]) => ({
      ...{
        name: next,
        owner: null,
        tags: [],
        timezone: 'Europe/Berlin',
        strip: [],
        freshness: null,
        missed: 0,
      },
      schedule: { id: next, text: '', paused: false, next, drift: null },
    }));
    const body = JSON.stringify({
      at: new Date().toISOString(),
      notices: [],
      pipelines,
    } satisfies PipelinesAnswer);
    await page.route('**/api/pipelines', (route) => route.fulfill({ contentType: 'application/json', body }));
    await page.route('**/api/live?*', (route) => route.abort());
    await go('pipelines');
    const textOf = (start: string) =>
      page.getByRole('row').filter({ hasText: start }).locator('time').textContent();
    const zone = page.getByLabel('Time zone');
    for (const [start, pipeline, mine, utc] of times) {
      await zone.selectOption('pipeline');
      await expect.poll(() => textOf(start)).toMatch(pipeline);
      await zone.selectOption('mine');
      await expect.poll(() => textOf(start)).toMatch(mine);
      await zone.selectOption('utc');
      await expect.poll(() => textOf(start)).toMatch(utc);
    }
    expect(page.url()).toContain('tz=utc');
    await zone.selectOption('pipeline');
    await page.unroute('**/api/pipelines');
    await page.unroute('**/api/live?*');
    // The stream that was refused is what the browser complains of.
    wrong = wrong.filter((text) => !/ERR_FAILED/.test(text));
  });

  it('says at the top what is wrong, and goes on by itself: no worker, and a console that is away', async () => {
    const alone = await harness({ worker: false });
    const lonely = await consoleFor(alone, onTestFinished);
    const other = await (await (await browser()).newContext()).newPage();
    onTestFinished(() => other.context().close());
    await other.goto(lonely.link);
    await other
      .getByText(/worker/i)
      .and(other.locator('.notice b'))
      .waitFor();
    const { port } = new URL(lonely.url);
    await lonely.close();
    await other.getByText('The console does not answer.').waitFor();
    await other.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
    const again = await consoleFor(alone, onTestFinished, { port: Number(port) });
    // Its sessions are new: whoever comes back needs its link.
    await other.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    await other.goto(again.link);
    await other.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
  });

  it('says that the console is away also where the stream of changes had never been open, and asks no more often the longer that lasts', async () => {
    const alone = await harness({ worker: false });
    const lonely = await consoleFor(alone, onTestFinished);
    const other = await (await (await browser()).newContext()).newPage();
    onTestFinished(() => other.context().close());
    let opened = 0;
    await other.route('**/api/live?*', (route) => {
      opened++;
      return route.fulfill({ status: 503 });
    });
    await other.goto(lonely.link);
    await other.getByText('Connecting…').waitFor();
    await lonely.close();
    await other.getByText('The console does not answer.').waitFor();
    let asked = 0;
    other.on('request', (request) => {
      if (request.url().endsWith('/api/home')) asked++;
    });
    opened = 0;
    await until('its stream was tried eight times', async () => opened >= 8);
    // With each try of the stream, and every three seconds.
    expect(asked).toBeLessThanOrEqual(16);
  });

  it('an exported run is a page in one file that asks nobody for anything', async () => {
    const workflowId = await started({ steps: [hex('one'), hex('two', { dependsOn: 'one' })] });
    await rig.hex.result(workflowId);
    const file = join(emptyFolder(), 'run.html');
    writeFileSync(
      file,
      await exportRun({ client: rig.temporal, taskQueue: rig.taskQueue, temporalUi: null, workflowId }),
    );
    const other = await context.newPage();
    onTestFinished(() => other.close());
    const asked: string[] = [];
    other.on('request', (request) => asked.push(request.url()));
    other.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    await other.goto(`file://${file}`);
    await other.getByText('2 of 2 steps succeeded').waitFor();
    await other.getByRole('rowheader').getByRole('button', { name: 'two' }).click();
    await other.getByRole('complementary').getByText('Result').waitFor();
    await other.getByRole('tab', { name: 'Time' }).click();
    await other.getByRole('region', { name: 'Time by step' }).waitFor();
    expect(asked).toEqual([`file://${file}`]);
  });

  it('is at most 60 KiB for the first page, all in all', () => {
    const files = ['index.html', 'app.js', 'app.css'].map((file) =>
      readFileSync(new URL(`../../dist/console/${file}`, import.meta.url)),
    );
    const bytes = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).byteLength, 0);
    expect(bytes).toBeLessThanOrEqual(60 * 1024);
  });
});
