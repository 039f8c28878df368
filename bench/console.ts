import { Client } from '@temporalio/client';
import { type Browser, chromium, type Page } from 'playwright-core';
import { inParallel } from '../src/base/in-parallel.js';
import { startConsole } from '../src/console.js';
import { searchAttributes } from '../src/contract/search-attributes.js';
import { findChromium } from '../test/support/find-chromium.js';
import type { Bench, Sizes } from './support/bench.js';
import { residentBytes } from './support/cpu.js';
import { load, settled } from './support/machine.js';
import { count, median, ms } from './support/numbers.js';
import { startCommand, startHexWorker, startSupport, type WorkerProcess } from './support/processes.js';
import { type Stack, withStack } from './support/stack.js';
import type { Row } from './support/table.js';
import { TASK_QUEUES } from './support/task-queues.js';

const RUNS_EACH = 50;
const BIG = 'pipeline-000';
const BIG_STEPS = 100;
const STEPS = 5;
const DAY_MS = 86_400_000;
const ROUNDS = 7;
const TABS = 20;
const WATCHED_MS = 10_000;
const SETTLED_MS = 1_000;

export const consolePages = ({ runs = 10_000 }: Sizes): Bench => ({
  title: `Console: ${runs / RUNS_EACH} pipelines, ${count(runs)} runs, one pipeline of ${BIG_STEPS} steps`,
  method: [
    'The runs of the past are stand-ins without work, with the lists, inputs and results of real ones. Pages in a real Chromium.',
    `Medians of ${ROUNDS} rounds. "Painted" is the second frame after the cells are in the page, from the start of loading it anew.`,
    'The command is started when the machine has nothing else to do.',
  ],
  run: () => {
    const executablePath = findChromium();
    if (executablePath === null)
      throw new Error('This needs a Chromium: install "chromium", or set CHROME_PATH to one');
    return withStack({ duration: 100 }, async (stack) => {
      stack.own(await startHexWorker(stack.env));
      stack.own(await startSupport('bare-worker', stack.env));
      await fill(stack.temporal, runs);
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
      try {
        return [
          ...(await inItsOwnProcess(stack, browser)),
          ...(await reads(stack, browser)),
          { what: 'load', value: load() },
        ];
      } finally {
        await browser.close();
      }
    });
  },
});

interface Started {
  command: WorkerProcess;
  page: Page;
  /** From the start of the command: until it listens, and until its first page is there. */
  listensMs: number;
  shownMs: number;
  /** Of the first page in all, as they were sent. */
  bytes: number;
}

/** Starts the command as people do, and opens its first page. */
async function start(env: Stack['env'], browser: Browser): Promise<Started> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  await settled();
  const begun = Date.now();
  const command = await startCommand(['console', '--port', '0'], env, /https?:\/\/\S+/);
  const listensMs = Date.now() - begun;
  let bytes = 0;
  page.on('response', (response) => {
    // The stream has no size before it ends.
    const sizes = response.request().sizes();
    sizes.then(({ responseBodySize }) => (bytes += responseBodySize)).catch(() => undefined);
  });
  await page.goto(command.said);
  await page.locator('.counts').waitFor();
  const shownMs = Date.now() - begun;
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  return { command, page, listensMs, shownMs, bytes };
}

/** Start, size, paint, click and memory, of the command as people start it. */
async function inItsOwnProcess({ env, hex, sandbox }: Stack, browser: Browser): Promise<Row[]> {
  const starts: Started[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await starts.at(-1)?.command.stop();
    await starts.at(-1)?.page.close();
    starts.push(await start(env, browser));
  }
  const { command, page, bytes } = starts.at(-1) as Started;
  try {
    const { origin } = new URL(page.url());
    const big = `${origin}/pipelines/${BIG}`;
    await page.goto(big);
    await page.locator('.run-grid-cells .cells').first().waitFor();
    const paints: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await page.reload();
      paints.push(await page.evaluate<number>(PAINTED));
    }
    const clicks: number[] = [];
    for (let round = 0; round < ROUNDS; round++) clicks.push(await page.evaluate<number>(clicked(round)));

    const lates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) lates.push(await lateness(page, origin, { hex, sandbox }));
    return [
      {
        what: 'start of the command to the first page',
        value: ms(median(starts.map(({ shownMs }) => shownMs))),
        against: 'goal < 1,000 ms',
        note: `rounds ${starts.map(({ shownMs }) => shownMs).join(', ')}; it listens after ${ms(median(starts.map(({ listensMs }) => listensMs)))}`,
      },
      {
        what: 'first page in all',
        value: `${count(bytes / 1024, 1)} KiB`,
        against: 'goal <= 60 KiB, compressed as sent',
      },
      {
        what: `grid of ${BIG_STEPS} x ${RUNS_EACH} painted, warm`,
        value: ms(median(paints)),
        against: 'goal <= 300 ms; Airflow 3 to 30 s',
        note: `rounds ${paints.map((one) => Math.round(one)).join(', ')}`,
      },
      { what: 'a click where the data is there', value: ms(median(clicks)), against: 'goal <= 50 ms' },
      {
        what: 'end of a step to the page',
        value: ms(median(lates)),
        against: 'goal <= 1,000 ms',
        note: `rounds ${lates.map((one) => Math.round(one)).join(', ')}`,
      },
      {
        what: 'memory of the process',
        value: `${count((await residentBytes(command.child.pid ?? 0)) / 1_000_000)} MB`,
        against: 'goal < 150 MB',
      },
    ];
  } finally {
    await command.stop();
  }
}

/** In the page: from the start of loading to the second frame in which the cells are there. */
const PAINTED = `new Promise((resolve) => {
  const look = () =>
    document.querySelector('.run-grid-cells .cells')
      ? requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())))
      : requestAnimationFrame(look);
  look();
})`;

/** In the page: from a click on a cell to the next frame with its details. */
const clicked = (round: number) => `new Promise((resolve) => {
  const cells = document.querySelector('.run-grid-cells');
  const { left, top } = cells.getBoundingClientRect();
  const begun = performance.now();
  const at = { clientX: left + 9 + 18 * ${round}, clientY: top + 9 + 18 * ${round}, bubbles: true };
  cells.dispatchEvent(new MouseEvent('click', at));
  const look = () =>
    document.querySelector('.details h2')?.textContent === 'step-${round}'
      ? requestAnimationFrame(() => resolve(performance.now() - begun))
      : requestAnimationFrame(look);
  look();
})`;

/** In the page: when it shows that a step has ended. */
const SEEN = `new Promise((resolve) => {
  const look = () =>
    document.body.innerText.includes('1 of 2 steps succeeded') ? resolve(Date.now()) : requestAnimationFrame(look);
  look();
})`;

/** From the moment at which Temporal has the end of a step to the moment at which the page shows it. */
async function lateness(
  page: Page,
  origin: string,
  { hex, sandbox }: Pick<Stack, 'hex' | 'sandbox'>,
): Promise<number> {
  sandbox.reset();
  const { workflowId } = await hex.startPipeline({
    name: 'watched',
    steps: [
      { id: 'look', approval: { prompt: 'Go on?' } },
      { id: 'wait', dependsOn: 'look', approval: { prompt: 'And on?' } },
    ],
  });
  await page.goto(`${origin}/runs/${workflowId}`);
  await page.getByText('0 of 2 steps succeeded').waitFor();
  const seen = page.evaluate<number>(SEEN);
  await hex.control(workflowId, 'approve', { step: 'look', by: 'bench' });
  const happened = Date.now();
  const late = (await seen) - happened;
  await hex.cancel(workflowId);
  return Math.max(0, late);
}

/** How often the console asks for a list, with one page and with twenty. */
async function reads({ temporal }: Stack, browser: Browser): Promise<Row[]> {
  let lists = 0;
  const service = new Proxy(temporal.connection.workflowService, {
    get(target, name) {
      const found = Reflect.get(target, name);
      if (typeof found !== 'function') return found;
      if (/^(list|count|scan)/i.test(String(name))) {
        return (...args: unknown[]) => {
          lists += 1;
          return found.apply(target, args);
        };
      }
      return found.bind(target);
    },
  });
  const connection = new Proxy(temporal.connection, {
    get: (target, name) => (name === 'workflowService' ? service : Reflect.get(target, name)),
  });
  const client = new Client({ connection, namespace: temporal.options.namespace });
  const served = await startConsole({ client, taskQueue: TASK_QUEUES.hex, port: 0 });
  try {
    const context = await browser.newContext();
    const first = await context.newPage();
    await first.goto(served.link);
    await first.locator('.counts').waitFor();
    const during = async () => {
      const before = lists;
      await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
      return (lists - before) / (WATCHED_MS / 1_000);
    };
    const one = await during();
    for (let tab = 1; tab < TABS; tab++) await (await context.newPage()).goto(served.url);
    const twenty = await during();
    return [
      { what: 'lists a second, one tab', value: count(one, 2), against: 'goal <= 1 in all' },
      {
        what: `lists a second, ${TABS} tabs`,
        value: count(twenty, 2),
        against: 'goal: no more than with one',
      },
    ];
  } finally {
    await served.close();
  }
}

async function fill(client: Client, runs: number): Promise<void> {
  const pipelines = runs / RUNS_EACH;
  const newest = Date.now() - (Date.now() % DAY_MS) - DAY_MS;
  const starts = Array.from({ length: runs }, (_, index) => ({
    pipeline: `pipeline-${String(index % pipelines).padStart(3, '0')}`,
    at: new Date(newest - Math.floor(index / pipelines) * DAY_MS),
  }));
  const handles = await inParallel(starts, 50, ({ pipeline, at }) =>
    client.workflow.start('hexPipeline', {
      taskQueue: TASK_QUEUES.bare,
      workflowId: `${pipeline}-${at.toISOString()}`,
      args: [{ name: pipeline, steps: stepsOf(pipeline) }],
      typedSearchAttributes: [
        { key: searchAttributes.pipeline, value: pipeline },
        {
          key: searchAttributes.partition,
          value: new Date(at.getTime() - DAY_MS).toISOString().slice(0, 10),
        },
        { key: searchAttributes.scheduledTime, value: at },
        { key: searchAttributes.trigger, value: 'schedule' },
        { key: searchAttributes.status, value: 'success' },
      ],
    }),
  );
  await inParallel(handles, 50, (handle) => handle.result());
}

const stepsOf = (pipeline: string) =>
  Array.from({ length: pipeline === BIG ? BIG_STEPS : STEPS }, (_, index) => ({
    id: `step-${index}`,
    projectId: `project-${index}`,
    ...(index > 0 && { dependsOn: `step-${index - 1 - ((index - 1) % 10)}` }),
  }));
