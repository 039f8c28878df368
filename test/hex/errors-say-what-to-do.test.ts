import { describe, expect, it } from 'vitest';
import {
  HexAuthError,
  HexForbiddenError,
  HexInvalidRequestError,
  HexNoKernelError,
  HexNotFoundError,
  HexRateLimitedError,
  HexUnavailableError,
  HexUnexpectedAnswerError,
  statusHint,
} from '../../src/hex/index.js';
import { retryAfterMs } from '../../src/hex/retry-after.js';
import { answer, hexErrorOf, scriptedHex } from '../support/scripted-hex.js';

const older = (reason: string) => ({ reason, details: 'in the older dialect', traceId: 'trace-1' });
const newer = (code: string, message: string) => ({ code, message, issues: [{ message: 'an issue' }] });
const header = { 'x-trace-id': 'trace-2' };

const ROWS = [
  {
    title: '401 as plain text: regenerate the token',
    script: answer(401, 'Unauthorized', { 'www-authenticate': 'Bearer', ...header }),
    expected: [HexAuthError, 'HexAuth', 401, 'Unauthorized', 'trace-2', /Regenerate the token/],
    outcome: 'not-done',
    retryable: false,
  },
  {
    title: '403: the scope "Run projects"',
    script: answer(403, newer('FORBIDDEN', 'Not allowed'), header),
    expected: [HexForbiddenError, 'HexForbidden', 403, 'Not allowed; an issue', 'trace-2', /"Run projects"/],
    outcome: 'not-done',
    retryable: false,
  },
  {
    title: '404 in the older dialect: publish or check the id',
    script: answer(404, older('No such project')),
    expected: [
      HexNotFoundError,
      'HexNotFound',
      404,
      'No such project; in the older dialect',
      'trace-1',
      /Publish the project or check the id/,
    ],
    outcome: 'not-done',
    retryable: false,
  },
  {
    title: '422 in the newer dialect: publish or check the inputs',
    script: answer(422, newer('UNPROCESSABLE_CONTENT', 'Project is not published')),
    expected: [
      HexInvalidRequestError,
      'HexInvalidRequest',
      422,
      'Project is not published; an issue',
      null,
      /Publish the project, or check the id/,
    ],
    outcome: 'not-done',
    retryable: false,
  },
  {
    title: '422 that lists inputs: each by name',
    script: answer(422, {
      traceId: 't3',
      invalid: [{ paramName: 'day', dataType: 'date', inputCellType: 'DATE', paramValue: '"soon"' }],
      notFound: ['dya'],
    }),
    expected: [
      HexInvalidRequestError,
      'HexInvalidRequest',
      422,
      'input "day" is not valid: Hex expects date in a DATE input; the project has no input "dya"',
      't3',
      /input parameters/,
    ],
    outcome: 'not-done',
    retryable: false,
  },
  {
    title: '400',
    script: answer(400, { code: 'BAD_REQUEST' }),
    expected: [HexInvalidRequestError, 'HexInvalidRequest', 400, 'BAD_REQUEST', null, /check the id/],
    outcome: 'not-done',
    retryable: false,
  },
  {
    title: 'another 4xx',
    script: answer(418, ''),
    expected: [HexInvalidRequestError, 'HexInvalidRequest', 418, '', null, /check the id/],
    outcome: 'not-done',
    retryable: false,
  },
  {
    title: '429: 20 starts a minute, 60 an hour, queue them',
    script: answer(429, 'Too Many Requests', { 'retry-after': '7' }),
    expected: [
      HexRateLimitedError,
      'HexRateLimited',
      429,
      'Too Many Requests',
      null,
      /20 starts per minute and 60 per hour.*queue runs with delays/,
    ],
    outcome: 'not-done',
    retryable: true,
  },
  {
    title: "503 in Hex's own JSON: no kernel, nothing was created",
    script: answer(503, newer('SERVICE_UNAVAILABLE', 'Kernel limit')),
    expected: [HexNoKernelError, 'HexNoKernel', 503, 'Kernel limit; an issue', null, /25 kernels/],
    outcome: 'not-done',
    retryable: true,
  },
  {
    title: '503 in the older dialect: no kernel as well',
    script: answer(503, older('Kernel limit')),
    expected: [HexNoKernelError, 'HexNoKernel', 503, /^Kernel limit/, 'trace-1', /25 kernels/],
    outcome: 'not-done',
    retryable: true,
  },
  {
    title: "503 in Hex's own JSON that speaks of maintenance: Hex is away, nothing was created",
    script: answer(503, newer('SERVICE_UNAVAILABLE', 'Down for maintenance')),
    expected: [
      HexUnavailableError,
      'HexUnavailable',
      503,
      'Down for maintenance; an issue',
      null,
      /status\.hex\.tech/,
    ],
    outcome: 'not-done',
    retryable: true,
  },
  {
    title: 'the same in the older dialect',
    script: answer(503, older('Temporarily unavailable')),
    expected: [
      HexUnavailableError,
      'HexUnavailable',
      503,
      /^Temporarily unavailable/,
      'trace-1',
      /status\.hex/,
    ],
    outcome: 'not-done',
    retryable: true,
  },
  {
    title: '503 page of a proxy: nobody knows',
    script: answer(503, '<html><head><title>503 Backend down</title></head><body>x</body></html>'),
    expected: [HexUnavailableError, 'HexUnavailable', 503, '503 Backend down', null, /status\.hex\.tech/],
    outcome: 'unknown',
    retryable: true,
  },
  {
    title: '500: nobody knows',
    script: answer(500, newer('INTERNAL_SERVER_ERROR', 'Oops.')),
    expected: [HexUnavailableError, 'HexUnavailable', 500, 'Oops.; an issue', null, /status\.hex\.tech/],
    outcome: 'unknown',
    retryable: true,
  },
  {
    title: '408 of a gateway: nobody knows',
    script: answer(408, ''),
    expected: [HexUnavailableError, 'HexUnavailable', 408, '', null, /HEX_BASE_URL/],
    outcome: 'unknown',
    retryable: true,
  },
  {
    title: '2xx that is no JSON: nobody knows',
    script: answer(201, 'Welcome to the hotel wireless', header),
    expected: [
      HexUnexpectedAnswerError,
      'HexUnexpectedAnswer',
      201,
      'Welcome to the hotel wireless',
      'trace-2',
      /HEX_BASE_URL/,
    ],
    outcome: 'unknown',
    retryable: false,
  },
  {
    title: '2xx without the id of the run: nobody knows',
    script: answer(201, { runUrl: 'https://x' }),
    expected: [HexUnexpectedAnswerError, 'HexUnexpectedAnswer', 201, /runUrl/, null, /HEX_BASE_URL/],
    outcome: 'unknown',
    retryable: false,
  },
] as const;

describe('each answer of a run start becomes an error with kind, words, trace id and a hint', () => {
  for (const { title, script, expected, outcome, retryable } of ROWS)
    it(title, async () => {
      const [type, kind, status, detail, traceId, hint] = expected;
      const hex = await scriptedHex(script);
      const error = await hexErrorOf(hex.client().runProject('p1', {}));
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({
        name: kind,
        kind,
        status,
        traceId,
        outcome,
        retryable,
        requestSent: 'answered',
      });
      expect(error.detail).toEqual(typeof detail === 'string' ? detail : expect.stringMatching(detail));
      expect(error.hint).toMatch(hint);
      expect(error.message).toContain(String(status));
      expect(error.message).toContain('POST /projects/p1/runs');
      expect(error.message).not.toMatch(/\.$/);
      if (traceId !== null && kind !== 'HexUnexpectedAnswer') expect(error.message).toContain(traceId);
      expect(hex.seen).toHaveLength(1);
    });

  it('names the connection where it is not the default one', async () => {
    const hex = await scriptedHex(answer(401, 'Unauthorized'));
    const error = await hexErrorOf(hex.client({ name: 'eu' }).whoAmI());
    expect(error.message).toBe('Hex (connection "eu") answered 401 to GET /users/me: Unauthorized');
  });

  it('a read and a dry run have changed nothing, whatever came back', async () => {
    const hex = await scriptedHex(answer(503, newer('SERVICE_UNAVAILABLE', 'down')));
    const read = await hexErrorOf(hex.client().getRunStatus('p1', 'r1'));
    expect(read).toMatchObject({ kind: 'HexUnavailable', outcome: 'not-done', retryable: true });
    const dry = await scriptedHex(answer(500, ''));
    expect((await hexErrorOf(dry.client().runProject('p1', { dryRun: true }))).outcome).toBe('not-done');
  });

  it('cancelling a run that has ended is told apart by its 422', async () => {
    const hex = await scriptedHex(answer(422, older('Run is not running')));
    const error = await hexErrorOf(hex.client().cancelRun('p1', 'r1'));
    expect(error).toMatchObject({ kind: 'HexInvalidRequest', status: 422, outcome: 'not-done' });
  });

  it('cuts long words at 1000 characters', async () => {
    const hex = await scriptedHex(answer(400, 'x'.repeat(5_000)));
    expect((await hexErrorOf(hex.client().whoAmI())).detail).toHaveLength(1_000);
  });
});

describe('a run that failed has a hint', () => {
  it('for each final status', () => {
    expect(statusHint('ERRORED')).toMatch(/Open the run in Hex/);
    expect(statusHint('KILLED')).toMatch(/time limit.*somebody cancelled it/);
    expect(statusHint('UNABLE_TO_ALLOCATE_KERNEL')).toMatch(/no kernel/);
    expect(statusHint('constructor')).toBe('Open the run in Hex.');
  });
});

describe("Hex's own word on when to come back is understood", () => {
  const now = Date.parse('2026-10-01T06:00:00Z');
  const date = 'Thu, 01 Oct 2026 08:00:00 GMT';
  const cases: [string, Record<string, string>, number | null][] = [
    ['seconds', { 'retry-after': '12' }, 12_000],
    ['part of a second', { 'retry-after': '0.5' }, 500],
    ["a date, by the server's clock", { date, 'retry-after': 'Thu, 01 Oct 2026 08:00:09 GMT' }, 9_000],
    ['a date, by ours', { 'retry-after': 'Thu, 01 Oct 2026 06:00:03 GMT' }, 3_000],
    ['a date that is past', { date, 'retry-after': 'Thu, 01 Oct 2026 07:00:00 GMT' }, 0],
    ['reset in seconds from now', { 'ratelimit-reset': '41' }, 41_000],
    [
      'reset as a moment in seconds',
      { date, 'x-ratelimit-reset': String(Date.parse(date) / 1_000 + 30) },
      30_000,
    ],
    ['reset as a moment in ms', { date, 'x-ratelimit-reset': String(Date.parse(date) + 1_500) }, 1_500],
    ['Retry-After before reset', { 'retry-after': '1', 'ratelimit-reset': '50' }, 1_000],
    ['rubbish, then reset', { 'retry-after': 'soon', 'ratelimit-reset': '5' }, 5_000],
    ['rubbish alone', { 'retry-after': '1e9' }, null],
    ['a year: a day at most', { 'retry-after': '31536000' }, 86_400_000],
    ['nothing', {}, null],
  ];
  for (const [title, headers, expected] of cases)
    it(title, () => expect(retryAfterMs(new Headers(headers), now)).toBe(expected));

  it('and is in the error', async () => {
    const hex = await scriptedHex(answer(429, '', { 'retry-after': '7' }));
    expect((await hexErrorOf(hex.client().whoAmI())).retryAfterMs).toBe(7_000);
  });
});
