import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { addressOf, type TestConsole, testConsole } from '../support/console.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';
import { uniqueTaskQueue } from '../support/server.js';

let rig: Harness;
let web: TestConsole;
/** When each read of a list went out. */
const reads: number[] = [];
/** What each of them asked for, where it was a list of workflows. */
const queries: string[] = [];
/** How much each of them asked for. */
const sizes: unknown[] = [];
/** How often it was asked who works on a task queue. */
let looks = 0;
/** What a list is refused with; null: it is not. */
let refusalOf: (request: { query?: string | null }) => Error | null = () => null;

const grpcError = (code: number, details: string) =>
  Object.assign(new Error(`${code} ${details}`), { code, details, metadata: { get: () => [] } });

beforeAll(async () => {
  rig = await harness({ atEnd: afterAll });
  const { workflowService } = rig.temporal;
  for (const name of ['listWorkflowExecutions', 'countWorkflowExecutions', 'listSchedules'] as const) {
    const read = workflowService[name].bind(workflowService) as (...args: unknown[]) => unknown;
    (workflowService as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
      reads.push(performance.now());
      queries.push((args[0] as { query?: string | null }).query ?? '');
      sizes.push((args[0] as { pageSize?: unknown }).pageSize);
      const refusal = refusalOf(args[0] as { query?: string });
      return refusal ? Promise.reject(refusal) : read(...args);
    };
  }
  const describe = workflowService.describeTaskQueue.bind(workflowService) as (...args: unknown[]) => unknown;
  (workflowService as unknown as Record<string, unknown>).describeTaskQueue = (...args: unknown[]) => {
    looks += 1;
    return describe(...args);
  };
  web = await testConsole(rig.temporal, rig.taskQueue, afterAll);
});

it('reads what its first page shows, and no more, as soon as it is started', async () => {
  await until('it has read before anybody has asked', async () => reads.length > 0 && looks > 0);
  expect(sizes[0]).toBe(100);
});

it('twenty open tabs read the lists of Temporal no more often than one, and never twice in a second', async () => {
  const pipeline = uniqueTaskQueue('tabs');
  const { workflowId } = await rig.hex.startPipeline({
    name: pipeline,
    steps: [{ id: 'one', projectId: 'one', ...FAST }],
  });
  await rig.hex.result(workflowId);
  await until('the list has it', async () => {
    const answer = await web.get('/api/pipeline', { name: pipeline }).catch(() => null);
    return answer?.grid.total === 1;
  });
  const topics = [
    '/api/home',
    '/api/pipelines',
    addressOf('/api/pipeline', { name: pipeline }),
    addressOf('/api/run', { workflowId }),
  ];
  const stop = new AbortController();
  const open = await Promise.all(
    Array.from({ length: 20 }, (_, tab) => {
      const topic = encodeURIComponent(topics[tab % topics.length] ?? '');
      return fetch(`${web.url}/api/live?topic=${topic}`, {
        headers: { cookie: web.cookie },
        signal: stop.signal,
      });
    }),
  );
  const before = reads.length;
  const fromMs = performance.now();
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      web.raw(topics[index % topics.length] ?? '', { headers: { cookie: web.cookie } }),
    ),
  );
  await until('it has been looked at for four seconds', async () => performance.now() - fromMs > 4_000);
  const turns = Math.ceil((performance.now() - fromMs) / 1_000);
  expect(reads.length - before).toBeLessThanOrEqual(turns);
  stop.abort();
  for (const answer of open) await answer.body?.cancel().catch(() => undefined);
  const gaps = reads.slice(1).map((at, index) => at - (reads[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(990);
});

it('a plan of a backfill takes two reads of lists beside those of all pages, and the question before it is started one', async () => {
  const pipeline = uniqueTaskQueue('planned');
  const { workflowId } = await rig.hex.startPipeline({
    name: pipeline,
    steps: [{ id: 'one', projectId: 'one', ...FAST }],
  });
  await rig.hex.result(workflowId);
  const own = () => queries.filter((query) => query !== '' && !query.includes('hexBackfill')).length;
  const backfill = { pipeline, from: '2026-01-01', to: '2026-01-03', every: 'day' } as const;
  await until('the list has it', () => web.get('/api/pipeline', { name: pipeline }).catch(() => null));
  const before = own();
  expect(await web.post('/api/backfills/plan', backfill)).toMatchObject({ runs: 3, assumed: [] });
  const planned = own();
  await web.post('/api/actions/preview', { action: 'backfillStart', backfill });
  expect([planned - before, own() - planned]).toEqual([2, 1]);
});

it('says that Temporal refuses the list, since when and why, until it gives it again', async () => {
  const told = async () => (await web.get('/api/home')).notices.find(({ kind }) => kind === 'list-refused');
  refusalOf = () => grpcError(8, 'namespace rate limit exceeded');
  const notice = await until('it is said', told).finally(() => {
    refusalOf = () => null;
  });
  expect(notice).toMatchObject({
    text: expect.stringContaining('namespace rate limit exceeded'),
    since: expect.stringMatching(/Z$/),
  });
  await until('it is over', async () => (await told()) === undefined);
});

it('a server that does not know whose child a workflow is: pipelines are listed all the same, and what is missing is said', async () => {
  const alone = await rig.hex.startRun({ projectId: 'alone', ...FAST });
  await alone.result();
  const { workflowId } = await rig.hex.startPipeline({
    steps: [
      { id: 'one', projectId: 'one', ...FAST },
      { id: 'ask', approval: { prompt: 'Go?' } },
    ],
  });
  onTestFinished(() => rig.hex.cancel(workflowId));
  const namesParent = ({ query }: { query?: string | null }) => query?.includes('ParentWorkflowId') ?? false;
  refusalOf = (request) =>
    namesParent(request)
      ? grpcError(3, "unable to convert filter: column name 'ParentWorkflowId' is not defined")
      : null;
  onTestFinished(() => {
    refusalOf = () => null;
  });
  const old = await testConsole(rig.temporal, rig.taskQueue, onTestFinished);
  const home = await until('it is listed', async () => {
    const answer = await old.get('/api/home');
    return answer.waiting.some((row) => row.workflowId === workflowId) && answer;
  });
  const kinds = home.notices.map(({ kind }) => kind);
  expect([kinds.includes('old-server'), kinds.includes('list-refused')]).toEqual([true, false]);
  // The command tells them apart by their memo.
  const listed = await until('all are listed', async () => {
    const rows = await rig.hex.list({ runs: true, limit: 200 });
    const ids = rows.map((row) => row.workflowId);
    return ids.includes(alone.workflowId) && ids.includes(workflowId) && ids;
  });
  expect(listed.filter((id) => id.startsWith(`${workflowId}/`))).toEqual([]);
});
