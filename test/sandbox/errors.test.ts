import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { hex, startRun } from '../support/sandbox-http.js';

describe('the sandbox refuses as Hex does', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ duration: '1h' });
  });
  afterEach(() => sandbox.close());

  it('takes any token that is not empty, and answers plain text 401 without one', async () => {
    expect((await hex(sandbox, 'GET', '/users/me', { token: 'whatever' })).status).toBe(200);
    const refused = await hex(sandbox, 'GET', '/users/me', { token: null });
    expect(refused.status).toBe(401);
    expect(refused.text).toBe('Unauthorized');
    expect(refused.headers.get('content-type')).toContain('text/plain');
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('takes only the named tokens when there are any, also on paths that do not exist', async () => {
    sandbox.settings({ tokens: ['hxtp_good'] });
    expect((await hex(sandbox, 'GET', '/users/me', { token: 'hxtp_good' })).status).toBe(200);
    for (const path of ['/users/me', '/nowhere']) {
      const refused = await hex(sandbox, 'GET', path, { token: 'hxtp_bad' });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
  });

  it('lets a read-only token read, and answers 403 to a start and a cancel in the dialect of each', async () => {
    sandbox.settings({ readOnlyTokens: ['reader'] });
    const runId = await startRun(sandbox);
    const token = 'reader';
    expect((await hex(sandbox, 'GET', `/projects/p/runs/${runId}`, { token })).status).toBe(200);
    const start = await hex(sandbox, 'POST', '/projects/p/runs', { token });
    expect(start.status).toBe(403);
    expect(start.json).toEqual({ code: 'FORBIDDEN', message: expect.any(String) });
    const cancel = await hex(sandbox, 'DELETE', `/projects/p/runs/${runId}`, { token });
    expect(cancel.status).toBe(403);
    expect(cancel.json).toEqual({ reason: expect.any(String), traceId: expect.any(String) });
    expect(sandbox.ledger().runs).toHaveLength(1);
  });

  it('never shows a token in the ledger, but tells tokens apart', async () => {
    const secret = 'hxtp_0123456789abcdef0123456789abcdef';
    await startRun(sandbox, 'p', undefined, secret);
    await startRun(sandbox, 'p', undefined, 'hxtw_other');
    const ledger = sandbox.ledger();
    expect(JSON.stringify(ledger)).not.toContain(secret.slice(5));
    const [first, second] = ledger.runs.map((run) => run.token);
    expect(first).toMatch(/^hxtp_#[0-9a-f]{8}$/);
    expect(second).toMatch(/^hxtw_#[0-9a-f]{8}$/);
  });

  it('answers 422 to a start of an unpublished project, or 404 by the setting', async () => {
    sandbox.project({ id: 'draft', published: false });
    const refused = await hex(sandbox, 'POST', '/projects/draft/runs');
    expect(refused.status).toBe(422);
    expect(refused.json.code).toBe('UNPROCESSABLE_CONTENT');
    sandbox.settings({ unpublishedStatus: 404 });
    expect((await hex(sandbox, 'POST', '/projects/draft/runs')).status).toBe(404);
    expect((await hex(sandbox, 'GET', '/projects/draft')).json.lastPublishedAt).toBeNull();
    expect(sandbox.ledger().runs).toEqual([]);
  });

  it('makes a published project of any id that is asked for, and of none when strict', async () => {
    const made = await hex(sandbox, 'GET', '/projects/some-slug');
    expect(made.status).toBe(200);
    expect(made.json.lastPublishedAt).not.toBeNull();
    sandbox.settings({ strict: true });
    expect((await hex(sandbox, 'GET', '/projects/other-slug')).status).toBe(404);
    expect((await hex(sandbox, 'POST', '/projects/other-slug/runs')).status).toBe(404);
    expect((await hex(sandbox, 'GET', '/projects/extract-project-id')).status).toBe(200);
  });

  it('answers 404 to an unknown run and 400 to a malformed id', async () => {
    expect((await hex(sandbox, 'GET', '/projects/p/runs/nope')).status).toBe(404);
    expect((await hex(sandbox, 'GET', '/projects/a%20b/runs/nope')).status).toBe(400);
  });

  const bad: [string, unknown, number][] = [
    ['a view together with inputs', { inputParams: { a: 1 }, viewId: 'v' }, 422],
    ['null inputs', { inputParams: null }, 422],
    ['inputs that are a list', { inputParams: [1] }, 422],
    ['a body that is not JSON', '{', 400],
    ['a body that is a list', [], 400],
    ['a boolean that is a number', { dryRun: 1 }, 400],
    ['a view that is a number', { viewId: 1 }, 400],
    ['notifications that are strings', { notifications: ['C1'] }, 400],
    [
      'a notification of an unknown type',
      { notifications: [{ type: 'NEVER', includeSuccessScreenshot: false }] },
      400,
    ],
  ];
  it.each(bad)('refuses %s', async (_, body, status) => {
    const refused = await hex(sandbox, 'POST', '/projects/p/runs', { body });
    expect(refused.status).toBe(status);
    expect(refused.json).toMatchObject({ code: status === 400 ? 'BAD_REQUEST' : 'UNPROCESSABLE_CONTENT' });
    expect(sandbox.ledger().runs).toEqual([]);
  });

  it('checks inputs that a project declares, with the body of each dialect', async () => {
    sandbox.project({
      id: 'typed',
      inputs: { rows: { dataType: 'number', inputCellType: 'slider' }, day: { dataType: 'date' } },
    });
    sandbox.settings({ unknownInputs: 'reject' });
    const body = { inputParams: { rows: 'many', day: '2026-10-01', other: 1 } };
    const now = await hex(sandbox, 'POST', '/projects/typed/runs', { body });
    expect(now.status).toBe(422);
    expect(now.json.issues).toHaveLength(2);
    sandbox.settings({ dialect: '2026-07' });
    const before = await hex(sandbox, 'POST', '/projects/typed/runs', { body });
    expect(before.json).toEqual({
      traceId: expect.any(String),
      invalid: [{ dataType: 'number', inputCellType: 'slider', paramValue: '"many"', paramName: 'rows' }],
      notFound: ['other'],
    });
    sandbox.settings({ unknownInputs: 'ignore' });
    const good = { inputParams: { rows: 3, day: '2026-10-01', other: 1 } };
    expect((await hex(sandbox, 'POST', '/projects/typed/runs', { body: good })).status).toBe(201);
  });

  it('treats unknown fields, and inputs beside published results, as the settings say', async () => {
    const body = { killRunningExecution: true, inputParams: { a: 1 }, updatePublishedResults: true };
    expect((await hex(sandbox, 'POST', '/projects/p/runs', { body })).status).toBe(201);
    sandbox.settings({ inputsWithPublish: 'reject' });
    expect((await hex(sandbox, 'POST', '/projects/p/runs', { body })).status).toBe(422);
    sandbox.settings({ unknownFields: 'reject' });
    expect((await hex(sandbox, 'POST', '/projects/p/runs', { body })).status).toBe(400);
    sandbox.settings({ dialect: '2026-07' });
    expect((await hex(sandbox, 'POST', '/projects/p/runs', { body })).status).toBe(422);
  });

  it('speaks the older dialect on every run endpoint, and a version as a number, when told so', async () => {
    sandbox.settings({ dialect: '2026-07' });
    const runId = await startRun(sandbox);
    expect((await hex(sandbox, 'GET', `/projects/p/runs/${runId}`)).json.projectVersion).toBe(7);
    const missing = await hex(sandbox, 'GET', '/projects/p/runs/nope');
    expect(missing.json).toEqual({ reason: expect.any(String), traceId: expect.any(String) });
  });

  it('tells a personal token its user and a workspace token only the organisation', async () => {
    const person = await hex(sandbox, 'GET', '/users/me', { token: 'hxtp_1' });
    expect(person.json).toMatchObject({
      role: 'EDITOR',
      org: { id: expect.any(String) },
      token: { exp: null },
    });
    const workspace = await hex(sandbox, 'GET', '/users/me', { token: 'hxtw_1' });
    expect(Object.keys(workspace.json).sort()).toEqual(['org', 'token']);
  });

  it('lists projects in pages by cursor, to the end and back', async () => {
    for (let count = 0; count < 5; count += 1) sandbox.project({ id: `more-${count}` });
    sandbox.project({ id: 'old', archived: true });
    const all = (await hex(sandbox, 'GET', '/projects?limit=100')).json;
    expect(all.pagination).toEqual({ after: null, before: null });
    expect(all.values).toHaveLength(10);
    const ids = (page: { values: { id: string }[] }) => page.values.map((project) => project.id);
    const seen: string[] = [];
    let after: string | null = '';
    let page = all;
    while (after !== null) {
      page = (await hex(sandbox, 'GET', `/projects?limit=4${after && `&after=${after}`}`)).json;
      seen.push(...ids(page));
      after = page.pagination.after;
    }
    expect(seen).toEqual(ids(all));
    const back = (await hex(sandbox, 'GET', `/projects?limit=4&before=${page.pagination.before}`)).json;
    expect(ids(back)).toEqual(ids(all).slice(4, 8));
    expect((await hex(sandbox, 'GET', '/projects?after=nonsense')).status).toBe(400);
    expect((await hex(sandbox, 'GET', '/projects?limit=0')).json).toHaveProperty('reason');
    expect((await hex(sandbox, 'GET', '/projects?includeArchived=true')).json.values).toHaveLength(11);
  });
});
