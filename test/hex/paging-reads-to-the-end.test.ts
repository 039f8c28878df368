import { describe, expect, it } from 'vitest';
import { answer, hexErrorOf, scriptedHex } from '../support/scripted-hex.js';

const project = (n: number, fields: object = {}) => ({
  id: `p${n}`,
  title: `Project ${n}`,
  type: 'PROJECT',
  status: { name: 'Approved' },
  lastPublishedAt: '2026-09-01T10:05:00.000Z',
  ...fields,
});

describe('projects are listed to the last cursor', () => {
  it('three pages, in order, with the filters on each', async () => {
    const hex = await scriptedHex((request, response, raw) => {
      const after = request.url.searchParams.get('after');
      const n = after === null ? 0 : Number(after.slice('cursor='.length));
      const values = [project(2 * n), project(2 * n + 1)];
      const page = { values, pagination: { after: n < 2 ? `cursor=${n + 1}` : null, before: null } };
      answer(200, page)(request, response, raw);
    });
    const filter = { includeArchived: true, statuses: ['Approved', 'In review'], ownerEmail: 'a+b@x.io' };
    const projects = await hex.client().listProjects(filter);
    expect(projects.map(({ id }) => id)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
    expect(hex.seen).toHaveLength(3);
    for (const { url } of hex.seen) {
      expect(url.pathname).toBe('/api/v1/projects');
      expect(url.searchParams.getAll('statuses')).toEqual(['Approved', 'In review']);
      expect(url.searchParams.get('includeArchived')).toBe('true');
      expect(url.searchParams.get('ownerEmail')).toBe('a+b@x.io');
      expect(url.searchParams.get('limit')).toBe('100');
    }
  });

  it('an empty workspace', async () => {
    const hex = await scriptedHex(answer(200, { values: [], pagination: { after: null } }));
    expect(await hex.client().listProjects()).toEqual([]);
  });

  it('a page without paging is the last one', async () => {
    const hex = await scriptedHex(answer(200, { values: [project(1)] }));
    expect(await hex.client().listProjects()).toHaveLength(1);
  });

  it('a cursor that comes twice is an error, not an endless loop', async () => {
    const hex = await scriptedHex(answer(200, { values: [project(1)], pagination: { after: 'same' } }));
    const error = await hexErrorOf(hex.client().listProjects());
    expect(error).toMatchObject({ kind: 'HexUnexpectedAnswer' });
    expect(error.message).toMatch(/returned the same cursor twice/);
    expect(hex.seen).toHaveLength(2);
  });

  it('the bare array of older scripts', async () => {
    const hex = await scriptedHex(answer(200, [{ name: 'Old', projectId: 'old-1', status: 'PUBLISHED' }]));
    expect(await hex.client().listProjects()).toEqual([
      { id: 'old-1', title: 'Old', type: null, status: 'PUBLISHED', lastPublishedAt: null, published: true },
    ]);
  });

  it('a page that fails fails the list', async () => {
    const hex = await scriptedHex((request, response, raw) =>
      request.url.searchParams.has('after')
        ? answer(429, '')(request, response, raw)
        : answer(200, { values: [project(1)], pagination: { after: 'x' } })(request, response, raw),
    );
    expect((await hexErrorOf(hex.client().listProjects())).kind).toBe('HexRateLimited');
  });
});

describe('a project says whether it is published', () => {
  it('by the time of its last publication, and not by its status', async () => {
    const hex = await scriptedHex(answer(200, project(1)));
    expect(await hex.client().getProject('p1')).toEqual({
      id: 'p1',
      title: 'Project 1',
      type: 'PROJECT',
      status: 'Approved',
      lastPublishedAt: '2026-09-01T10:05:00.000Z',
      published: true,
    });
    const draft = await scriptedHex(answer(200, project(1, { lastPublishedAt: null, status: null })));
    expect(await draft.client().getProject('p1')).toMatchObject({ published: false, status: null });
  });

  it('and is an error without an id', async () => {
    const hex = await scriptedHex(answer(200, { title: 'nameless' }));
    expect(await hexErrorOf(hex.client().getProject('p1'))).toMatchObject({ kind: 'HexUnexpectedAnswer' });
  });
});

describe('runs are listed by offset', () => {
  const run = (n: number) => ({
    runId: `r${n}`,
    status: 'RUNNING',
    runTrigger: 'API',
    traceId: 'of the list',
  });

  it('sends limit, offset, status and trigger', async () => {
    const hex = await scriptedHex(answer(200, { runs: [run(1)], nextPage: null, traceId: 't' }));
    const page = await hex
      .client()
      .listProjectRuns('p1', { limit: 100, offset: 200, status: 'PENDING', trigger: 'API' });
    expect(page).toMatchObject({ hasMore: false, traceId: 't', date: expect.stringMatching(/^\d{4}-/) });
    expect(page.runs).toMatchObject([{ projectId: 'p1', runId: 'r1', status: 'RUNNING', trigger: 'API' }]);
    expect(Object.fromEntries(hex.seen[0]?.url.searchParams ?? [])).toEqual({
      limit: '100',
      offset: '200',
      statusFilter: 'PENDING',
      runTriggerFilter: 'API',
    });
  });

  it("asks for all triggers by name, since Hex's own default has changed", async () => {
    const hex = await scriptedHex(answer(200, { runs: [] }));
    await hex.client().listProjectRuns('p1');
    expect(hex.seen[0]?.url.searchParams.get('runTriggerFilter')).toBe('ALL');
  });

  const pages: [string, object, boolean][] = [
    ['a next page', { runs: [run(1)], nextPage: 'https://elsewhere/x' }, true],
    ['no next page, though full', { runs: [run(1), run(2)], nextPage: null }, false],
    ['nothing said, full', { runs: [run(1), run(2)] }, true],
    ['nothing said, not full', { runs: [run(1)] }, false],
  ];
  for (const [title, body, hasMore] of pages)
    it(`${title}: ${hasMore ? 'more' : 'the end'}`, async () => {
      const hex = await scriptedHex(answer(200, body));
      expect((await hex.client().listProjectRuns('p1', { limit: 2 })).hasMore).toBe(hasMore);
    });

  for (const query of [{ limit: 0 }, { limit: 101 }, { limit: 1.5 }, { offset: -1 }, { trigger: 'MAGIC' }])
    it(`refuses ${JSON.stringify(query)} before anything is sent`, async () => {
      const hex = await scriptedHex(answer(200, { runs: [] }));
      const error = await hexErrorOf(hex.client().listProjectRuns('p1', query as object));
      expect(error).toMatchObject({ kind: 'HexInvalidRequest', requestSent: 'no' });
      expect(hex.seen).toHaveLength(0);
    });
});
