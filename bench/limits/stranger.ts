import { randomUUID } from 'node:crypto';
import { type Ledger, tokenFingerprint } from '../../src/sandbox/index.js';
import type { Bench } from '../support/bench.js';
import { load } from '../support/machine.js';
import { count } from '../support/numbers.js';
import { type LimitedStack, MINUTE, readsOf, SECOND, withLimits } from './rig.js';

const RUNS = 60;
const RUN_MS = 20 * MINUTE;
/** A minute takes 3 s. */
const FACTOR = 20;
/** Often enough that the runs would take twice what there is. */
const POLL_MAX_MS = 20 * SECOND;
/** A third of 30 reads a minute and of 60 starts an hour. */
const STRANGER = { readEveryMs: 6 * SECOND, startEveryMs: 3 * MINUTE };
/** What shares are taken from: the workers know each other by then, and the kernels are all in use to the end of it. */
const SETTLED = { from: 8 * MINUTE, to: 40 * MINUTE };

const TOKENS = { 'worker A': randomUUID(), 'worker B': randomUUID(), stranger: randomUUID() };

export const stranger: Bench = {
  title: `(c) two workers with ${RUNS} runs of 20 minutes, and a stranger who uses a third of Hex's limits`,
  method: [
    `The sandbox's clock, the windows and the poll settings go ${FACTOR} times as fast; times are those of the sandbox.`,
    `Three tokens of one user. The runs are read every ${POLL_MAX_MS / SECOND} s at most, more than the limit has room for.`,
    'The stranger reads every 6 s and starts a run of a minute every 3 min, whatever Hex answers. No Retry-After.',
  ],
  run: () => {
    const users = Object.fromEntries(Object.values(TOKENS).map((token) => [token, 'the-user']));
    const durations = { theirs: MINUTE };
    return withLimits(FACTOR, { users, duration: RUN_MS, durations }, async (stack) => {
      await stack.startWorker({ HEX_API_TOKEN: TOKENS['worker A'] });
      await stack.startWorker({ HEX_API_TOKEN: TOKENS['worker B'] });
      const begun = stack.inSandbox(Date.now());
      const leave = comeIn(stack);
      const handles = await Promise.all(
        Array.from({ length: RUNS }, (_, n) =>
          stack.hex.startRun({
            projectId: `project-${n % 30}`,
            poll: stack.poll({ maxMs: POLL_MAX_MS }),
            queueTimeout: '1h',
          }),
        ),
      );
      const results = await Promise.allSettled(handles.map((handle) => handle.result()));
      leave();
      const totalMs = stack.inSandbox(Date.now()) - begun;
      const failures = results.filter(({ status }) => status === 'rejected').length;
      const ledger = stack.sandbox.ledger();
      const shares = sharesOf(ledger, begun);
      const ours = shares['worker A'].reads + shares['worker B'].reads;
      const starts = startsOf(ledger);
      return [
        {
          what: 'failures',
          value: String(failures),
          against: `goal 0; ${RUNS} runs in ${count(totalMs / MINUTE)} min`,
        },
        {
          what: 'reads a minute, both workers',
          value: count(ours, 1),
          against: `of 20 that the stranger leaves; it got ${count(shares.stranger.reads, 1)} of the 10 it asks for`,
        },
        {
          what: 'worker A, worker B',
          value: `${count(shares['worker A'].reads, 1)}, ${count(shares['worker B'].reads, 1)}`,
          against: 'equal shares would be 10 and 10',
        },
        {
          what: '429 to reads, a minute: A, B, stranger',
          value: Object.values(shares)
            .map(({ limited }) => count(limited, 2))
            .join(', '),
        },
        {
          what: 'our starts: done, 429, 503',
          value: `${starts.done}, ${starts.limited}, ${starts.noKernel}`,
          against: 'a 429 or 503 costs a wait, no failure',
        },
        { what: 'load', value: load() },
      ];
    });
  },
};

/** Lets the stranger in. Call the result to send it away. */
function comeIn({ sandbox, toReal }: LimitedStack): () => void {
  const headers = { authorization: `Bearer ${TOKENS.stranger}` };
  const ask = (method: string, path: string) => () =>
    void fetch(`${sandbox.apiUrl}${path}`, { method, headers }).then((answer) => answer.text());
  const timers = [
    setInterval(ask('GET', '/users/me'), toReal(STRANGER.readEveryMs)),
    setInterval(ask('POST', '/projects/theirs/runs'), toReal(STRANGER.startEveryMs)),
  ];
  return () => timers.forEach(clearInterval);
}

type Shares = Record<keyof typeof TOKENS, { reads: number; limited: number }>;

/** What each got a minute, once settled. */
function sharesOf(ledger: Ledger, begun: number): Shares {
  const reads = readsOf(ledger).filter(({ at }) => {
    const since = Date.parse(at) - begun;
    return since >= SETTLED.from && since < SETTLED.to;
  });
  const minutes = (SETTLED.to - SETTLED.from) / MINUTE;
  const shares = Object.entries(TOKENS).map(([who, token]) => {
    const theirs = reads.filter((read) => read.token === tokenFingerprint(token));
    const limited = theirs.filter(({ status }) => status === 429).length;
    return [who, { reads: (theirs.length - limited) / minutes, limited: limited / minutes }];
  });
  return Object.fromEntries(shares) as Shares;
}

function startsOf({ requests }: Ledger) {
  const ours = requests.filter(
    ({ operation, token }) => operation === 'runProject' && token !== tokenFingerprint(TOKENS.stranger),
  );
  const answered = (wanted: number) => ours.filter(({ status }) => status === wanted).length;
  return { done: answered(201), limited: answered(429), noKernel: answered(503) };
}
