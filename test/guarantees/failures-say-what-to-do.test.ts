import { expect, it } from 'vitest';
import { FAST, failureOf, harness, sharedHarness } from '../support/harness.js';

const rigWith = sharedHarness();

const ENDINGS = [
  ['ERRORED', 'HexRunErrored', /[Oo]pen the run in Hex/],
  ['KILLED', 'HexRunKilled', /time limit|cancelled/i],
  ['UNABLE_TO_ALLOCATE_KERNEL', 'HexRunNoKernel', /kernel/i],
] as const;

it.each(ENDINGS)('a run that ends %s fails as %s, with its page and a hint', async (status, type, hint) => {
  const { hex, sandbox } = rigWith();
  sandbox.script([{ match: { operation: 'runProject' }, endAs: status }]);
  const failure = await failureOf((await hex.startRun({ projectId: 'sales', ...FAST })).result());
  const [run] = sandbox.ledger().runs;
  expect(failure.type).toBe(type);
  expect(failure.details?.[0]).toMatchObject({
    projectId: 'sales',
    runId: run?.runId,
    runUrl: expect.stringContaining(run?.runId ?? '-'),
    status,
    hint: expect.stringMatching(hint),
  });
  expect(failure.message).toMatch(hint);
});

const REFUSALS = [
  [401, 'HexAuth', /token/i],
  [403, 'HexForbidden', /Run projects/],
  [404, 'HexNotFound', /[Pp]ublish/],
  [422, 'HexInvalidRequest', /[Pp]ublish/],
] as const;

it.each(REFUSALS)('a trigger answered %i fails at once as %s, with a hint', async (status, type, hint) => {
  const { hex, sandbox } = rigWith();
  sandbox.script([{ match: { operation: 'runProject' }, times: null, status }]);
  const failure = await failureOf((await hex.startRun({ projectId: 'sales', ...FAST })).result());
  expect(failure.type).toBe(type);
  expect(failure.details?.[0]).toMatchObject({ httpStatus: status, hint: expect.stringMatching(hint) });
  const [{ hint: remedy }] = failure.details as [{ hint: string }];
  expect(failure.message.split(remedy)).toHaveLength(2);
  expect(failure.message).not.toContain('..');
  const { runs, requests } = sandbox.ledger();
  expect(runs).toEqual([]);
  expect(requests).toHaveLength(1);
});

it('a Hex that cannot be reached fails as HexNetwork when the wait is over', async () => {
  const away = await harness();
  await away.sandbox.close();
  const failure = await failureOf(
    (await away.hex.startRun({ projectId: 'sales', ...FAST, queueTimeout: '500ms' })).result(),
  );
  expect(failure.type).toBe('HexNetwork');
});

it('reads that fail for a while do not fail the run', async () => {
  const { hex, sandbox } = rigWith({ duration: 300 });
  sandbox.script([
    { match: { operation: 'getRunStatus' }, status: 500 },
    { match: { operation: 'getRunStatus' }, status: 429, headers: { 'retry-after': '1' } },
    { match: { operation: 'getRunStatus' }, drop: 'before' },
  ]);
  const result = await (await hex.startRun({ projectId: 'sales', ...FAST })).result();
  expect(result.success).toBe(true);
});

it('a status that Hex adds one day is waited for, not failed on', async () => {
  const { hex, sandbox } = rigWith({ duration: 500 });
  sandbox.script([{ match: { operation: 'runProject' }, unknownStatus: 'PONDERING', forMs: 300 }]);
  expect(await (await hex.startRun({ projectId: 'sales', ...FAST })).result()).toMatchObject({
    success: true,
  });
});

it('killRunning cancels what runs, confirms it, and then starts', async () => {
  const { hex, sandbox } = rigWith({ duration: '1h' });
  const earlier = await hex.startRun({ projectId: 'sales', ...FAST });
  await sandbox.waitFor(({ requests }) => requests.some(({ method }) => method === 'GET'));
  sandbox.settings({ duration: 100 });
  const result = await (await hex.startRun({ projectId: 'sales', ...FAST, killRunning: true })).result();
  expect(result.success).toBe(true);
  expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED', 'COMPLETED']);
  expect((await failureOf(earlier.result())).type).toBe('HexRunKilled');
});

it('dryRun lets Hex check the request and starts nothing', async () => {
  const { hex, sandbox } = rigWith();
  const result = await (await hex.startRun({ projectId: 'sales', dryRun: true })).result();
  expect(result).toMatchObject({ success: true, status: 'DRY_RUN' });
  expect(sandbox.ledger().runs).toEqual([]);
});
