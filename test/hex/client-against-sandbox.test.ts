import { describe, expect, it, onTestFinished } from 'vitest';
import { createHexClient, type HexConnection, isTerminal } from '../../src/hex/index.js';
import { type SandboxOptions, startSandbox } from '../../src/sandbox/index.js';
import { hexErrorOf, TOKEN } from '../support/scripted-hex.js';

async function setUp(options: SandboxOptions = {}, connection: Partial<HexConnection> = {}) {
  const sandbox = await startSandbox({ duration: { pending: 0, running: '1h' }, ...options });
  onTestFinished(() => sandbox.close());
  const client = createHexClient({
    name: 'default',
    baseUrl: sandbox.apiUrl,
    token: () => TOKEN,
    timeoutMs: 10_000,
    ...connection,
  });
  return { sandbox, client };
}

const WORLDS: [string, SandboxOptions, Partial<HexConnection>][] = [
  ['the dialect of autumn 2026', { dialect: '2026-10' }, {}],
  ['the dialect of July 2026', { dialect: '2026-07' }, {}],
  ['singular paths', { dialect: '2026-07' }, { legacyPaths: true }],
  ['the answers of older scripts', { legacy: true }, { legacyPaths: true }],
];

for (const [title, options, connection] of WORLDS)
  describe(`the client and the sandbox understand each other: ${title}`, () => {
    it('start, read, list, cancel, read', async () => {
      const { sandbox, client } = await setUp(options, connection);
      const project = 'extract-project-id';
      const started = await client.runProject(project, { inputParams: { day: '2026-10-01' } });
      expect(started).toMatchObject({ projectId: project, projectVersion: expect.stringMatching(/^\d+$/) });
      expect(started.traceId).toBeTruthy();

      const running = await client.getRunStatus(project, started.runId);
      expect(running).toMatchObject({ runId: started.runId, status: 'RUNNING', runUrl: started.runUrl });
      expect(Date.parse(running.date ?? '')).not.toBeNaN();

      const listed = await client.listProjectRuns(project, { status: 'RUNNING', trigger: 'API' });
      expect(listed).toMatchObject({ hasMore: false, runs: [{ runId: started.runId, status: 'RUNNING' }] });

      await client.cancelRun(project, started.runId);
      const ended = await client.getRunStatus(project, started.runId);
      expect(ended.status).toBe('KILLED');
      expect(isTerminal(ended.status)).toBe(true);
      expect(await hexErrorOf(client.cancelRun(project, started.runId))).toMatchObject({ status: 422 });

      const { runs, requests } = sandbox.ledger();
      expect(runs).toMatchObject([
        { runId: started.runId, inputParams: { day: '2026-10-01' }, alive: false },
      ]);
      expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
      expect(requests.every(({ userAgent }) => userAgent?.startsWith('temporal-hex/'))).toBe(true);
      expect(
        requests.every(({ path }) => path.includes('/project/') === Boolean(connection.legacyPaths)),
      ).toBe(true);
    });

    it('who-am-I, projects and the refusals', async () => {
      const { sandbox, client } = await setUp(options, connection);
      expect((await client.whoAmI()).orgId).toBeTruthy();
      const projects = await client.listProjects();
      expect(projects).toContainEqual(
        expect.objectContaining({ id: 'extract-project-id', title: 'Extract' }),
      );
      sandbox.project({ id: 'draft', published: false });
      expect(await hexErrorOf(client.runProject('draft', {}))).toMatchObject({
        kind: 'HexInvalidRequest',
        status: 422,
        outcome: 'not-done',
        detail: expect.stringMatching(/publish/i),
      });
      sandbox.script({ noKernel: true });
      expect(await hexErrorOf(client.runProject('load-project-id', {}))).toMatchObject({
        kind: 'HexNoKernel',
        outcome: 'not-done',
      });
      sandbox.settings({ tokens: ['another'] });
      expect(await hexErrorOf(client.whoAmI())).toMatchObject({ kind: 'HexAuth', detail: 'Unauthorized' });
      expect(sandbox.ledger().runs).toHaveLength(0);
    });
  });

describe('paging and limits of the sandbox', () => {
  it('every project of three pages, once', async () => {
    const projects = Array.from({ length: 220 }, (_, n) => ({ id: `many-${n}`, title: `Many ${n}` }));
    const { client } = await setUp({ projects });
    const listed = await client.listProjects();
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
    for (const { id } of projects) expect(listed.map((project) => project.id)).toContain(id);
  });

  it('every run of two pages, by offset', async () => {
    const { client } = await setUp();
    const ids = await Promise.all([1, 2, 3].map(async () => (await client.runProject('p1')).runId));
    const first = await client.listProjectRuns('p1', { limit: 2 });
    const second = await client.listProjectRuns('p1', { limit: 2, offset: 2 });
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
    expect([...first.runs, ...second.runs].map(({ runId }) => runId).sort()).toEqual(ids.sort());
  });

  it('a 429 with the word of Hex on when to come back', async () => {
    const { client } = await setUp({ limits: { readsPerMinute: 1 }, retryAfter: true });
    await client.whoAmI();
    const error = await hexErrorOf(client.whoAmI());
    expect(error.kind).toBe('HexRateLimited');
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(error.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('an answer that is lost after the run was created is not taken for a failure to start', async () => {
    const { sandbox, client } = await setUp();
    sandbox.script({ drop: 'after', match: { operation: 'runProject' } });
    const error = await hexErrorOf(client.runProject('p1'));
    expect(error).toMatchObject({ kind: 'HexNetwork', outcome: 'unknown' });
    expect(sandbox.ledger().runs).toHaveLength(1);
  });
});
