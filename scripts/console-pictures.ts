// Takes the pictures of the console that README.md and docs/console.md show, from pipelines that run in the sandbox.
import { Client, Connection } from '@temporalio/client';
import type { Browser, Page } from 'playwright-core';
import type { TemporalHexClient } from '../src/client.js';
import { startConsole } from '../src/console.js';
import type { PipelineDefinition, StepDefinition } from '../src/pipeline/definition/definition.js';
import type { Sandbox } from '../src/sandbox/index.js';

const DAY_MS = 86_400_000;
/** Of past runs, which take less than a second. */
const OFTEN = { min: '20ms', max: '200ms', first: '20ms' };
const PATIENCE_MS = 120_000;

/** What runs of each step take in the present; so have earlier ones in Hex, so that their end is foreseen. */
const TAKES_MS: Record<string, number> = {
  ...{ extract: 9_000, customers: 16_000, orders: 12_000, events: 21_000, ledger: 14_000, sessions: 18_000 },
  ...{ quality: 12_000, load: 15_000, dashboards: 20_000, mail: 6_000 },
};

type Named = PipelineDefinition & { name: string };
const step = (id: string, dependsOn: string | string[] = [], more: object = {}): StepDefinition => ({
  ...{ id, projectId: id, dependsOn, inputParams: { day: '{{ run.partition }}' } },
  ...more,
});
const daily = (name: string, steps: StepDefinition[], more: Partial<PipelineDefinition> = {}): Named => ({
  ...{ name, timezone: 'Europe/Berlin', schedule: { cron: '30 2 * * *' }, onFailure: 'continue' },
  ...{ steps, ...more },
});

const ETL = daily(
  'daily-etl',
  [
    step('extract'),
    step('customers', 'extract'),
    step('orders', 'extract', { retry: { maxAttempts: 2, on: ['ERRORED'], delay: '4s' } }),
    step('events', 'extract'),
    step('ledger', ['customers', 'orders']),
    step('sessions', 'events'),
    step('quality', ['ledger', 'sessions']),
    step('load', 'quality'),
    step('dashboards', 'load'),
    step('mail', 'load'),
  ],
  {
    description: 'Orders and customers, from the warehouse to the dashboards',
    ...{ owner: 'data-team', tags: ['core', 'daily'], freshWithin: '26h' },
  },
);
const OTHERS = [
  daily('churn-features', [step('features'), step('score', 'features')], { owner: 'ml', tags: ['daily'] }),
  daily('finance-close', [step('book'), step('close', 'book')], { owner: 'finance', tags: ['core'] }),
  daily('kpi-mail', [step('figures'), step('post', 'figures')], { owner: 'data-team' }),
  daily('marketing', [step('spend'), step('attribution', 'spend')], { owner: 'marketing' }),
];
const REPORT: Named = {
  ...{ name: 'board-report', owner: 'ada', tags: ['core'], params: { month: { type: 'string' } } },
  steps: [
    { id: 'refresh', projectId: 'board', inputParams: { month: '{{ params.month }}' } },
    {
      ...{ id: 'look', dependsOn: 'refresh' },
      approval: { prompt: 'Is the report of {{ params.month }} right?' },
    },
    { id: 'publish', projectId: 'publish', dependsOn: 'look', updateCache: true },
  ],
};

const day = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);
const schedules = (all: readonly Named[]) =>
  all.map((input) => ({ file: `pipelines/${input.name}.yaml`, input }));
const hasty = (definition: Named): Named => ({
  ...definition,
  steps: definition.steps.map((one) => ({ ...one, poll: OFTEN }) as StepDefinition),
});

/** Fills the past: weeks of runs, of which some fail. */
export async function fillThePast(hex: TemporalHexClient, sandbox: Sandbox): Promise<void> {
  for (const [ago, projectId] of [
    [4, 'quality'],
    [11, 'events'],
    [2, 'close'],
  ] as const)
    sandbox.script({ match: { projectId, inputParams: { day: day(ago) } }, endAs: 'ERRORED' });
  for (const pipeline of [...OTHERS, ETL].map(hasty)) {
    const days = pipeline.name === ETL.name ? 26 : 15;
    const range = { from: day(days), to: day(1), maxActive: 8 };
    await (await hex.backfills.start({ pipeline, ...range })).result().catch(() => undefined);
  }
}

/** Starts what goes on while the pictures are taken: a run that waits for people, and one that is half done, whose id it tells. */
export async function beginThePresent(hex: TemporalHexClient, sandbox: Sandbox): Promise<string> {
  const projects = Object.entries(TAKES_MS);
  sandbox.seed(
    projects.flatMap(([projectId, takesMs]) =>
      Array.from({ length: 20 }, (_, n) => ({
        ...{ projectId, trigger: 'API' as const, ago: (n + 1) * DAY_MS },
        duration: { running: takesMs * (0.9 + n / 80) },
      })),
    ),
  );
  // A worker knows the past of the projects of which it has followed a run.
  sandbox.settings({ duration: 3_000 });
  await Promise.all(projects.map(async ([projectId]) => (await hex.startRun({ projectId })).result()));
  sandbox.settings({ durations: TAKES_MS });
  sandbox.script({ match: { projectId: 'orders' }, times: 1, endAs: 'ERRORED', duration: 7_000 });
  await hex.schedules.apply(schedules([ETL, ...OTHERS]));
  const report = { pipeline: REPORT, params: { month: '2026-10' } };
  await hex.startPipeline(report, { workflowId: `board-report-${day(0)}` });
  const today = { pipeline: ETL, partition: day(0) };
  const { workflowId } = await hex.startPipeline(today, { workflowId: `daily-etl-${day(0)}` });
  return workflowId;
}

/** Photographs the pages, each when it shows what it is about. */
export async function photographConsole(
  browser: Browser,
  { address, namespace, hex }: { address: string; namespace: string; hex: TemporalHexClient },
  workflowId: string,
  file: (name: string) => string,
): Promise<void> {
  const connection = await Connection.connect({ address });
  const served = await startConsole({
    client: new Client({ connection, namespace }),
    taskQueue: hex.taskQueue,
    port: 0,
  });
  const view = await browser.newPage({ viewport: { width: 1280, height: 560 } });
  view.setDefaultTimeout(PATIENCE_MS);
  const take = async (name: string, path: string, ready: (page: Page) => Promise<unknown>) => {
    await view.goto(new URL(path, served.url).href);
    await ready(view);
    await view.screenshot({ path: file(`console-${name}.png`) });
  };
  const run = `runs/${encodeURIComponent(workflowId)}`;
  try {
    await view.goto(served.link);
    await view.locator('button.who').click();
    await view.getByRole('textbox', { name: 'Name' }).fill('ada');
    await view.getByRole('button', { name: 'Save' }).click();
    await view.getByRole('dialog').waitFor({ state: 'detached' });
    await take('time', `${run}?tab=time`, async (page) => {
      await page.getByText(/^ledger: runs in Hex/).waitFor({ state: 'attached' });
      await page.getByText(/^mail: expected to begin/).waitFor({ state: 'attached' });
    });
    await take('run', `${run}?tab=graph`, (page) =>
      page.getByRole('button', { name: /^ledger, running/ }).waitFor(),
    );
    await take('pipeline', 'pipelines/daily-etl', (page) =>
      page.locator('.run-grid-cells .cells.bad').first().waitFor(),
    );
    const backfill = await hex.backfills.start({ pipeline: ETL, from: day(75), to: day(1), maxActive: 4 });
    await view.setViewportSize({ width: 1280, height: 880 });
    await take('home', '', async (page) => {
      await page.getByRole('button', { name: /^Approve: look/ }).waitFor();
      await page.getByText(/^Reads a minute$/).waitFor();
      await page
        .getByRole('row', { name: /^running daily-etl daily-etl-.*Z/ })
        .nth(3)
        .waitFor();
    });
    await view.setViewportSize({ width: 1280, height: 560 });
    const plan = `backfills/new?pipeline=daily-etl&from=${day(75)}&to=${day(1)}&maxActive=4`;
    await take('backfill', plan, (page) => page.getByRole('heading', { name: /would be run$/ }).waitFor());
    for (const id of [workflowId, backfill.workflowId]) await hex.cancel(id);
  } finally {
    await served.close();
    await connection.close();
  }
}
