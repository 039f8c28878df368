import { expect, it, onTestFinished, vi } from 'vitest';
import { QuickPermits } from '../../src/activities/quick-permits.js';
import type { LimiterEvent } from '../../src/limits/index.js';

type Asked = LimiterEvent & { type: 'acquire' };

/** A limiter that answers as `say` does, and what it was asked. */
function asking(say: (asked: Asked) => boolean | undefined) {
  const asked: Asked[] = [];
  /** How long each might wait for others. */
  const patience: number[] = [];
  const permits = new QuickPermits({
    send: async (_connection, events, withinMs = 0) => {
      asked.push(...(events as Asked[]));
      patience.push(withinMs);
    },
    answers: async () => {
      const said = asked.flatMap((one) => {
        const answer = one.answer === undefined ? undefined : say(one);
        return answer === undefined ? [] : [[one.answer, answer] as const];
      });
      return Object.fromEntries(said);
    },
  });
  const ask = (workflowId: string, first = true) =>
    permits.ask('default', { ...REQUEST, requestId: `${workflowId}-1`, workflowId }, first);
  return { asked, patience, permits, ask };
}

const REQUEST = { type: 'acquire', projectId: 'p', priority: 0 } as const;

it('a permit that was asked for ahead is taken once: a second try of the same task asks anew', async () => {
  const { asked, permits, ask } = asking(() => true);
  // Not before it is known that this limiter answers.
  permits.askAhead('default', { ...REQUEST, workflowId: 'v' });
  expect(asked).toEqual([]);
  await ask('v');
  asked.length = 0;
  permits.askAhead('default', { ...REQUEST, workflowId: 'w' });
  const first = await ask('w');
  expect(first).toBe(asked[0]?.requestId);
  expect(asked).toMatchObject([{ ahead: true, workflowId: 'w' }]);
  expect(await ask('w')).toBe('w-1');
  expect(asked[1]).not.toHaveProperty('ahead');
});

it('what follows a step is asked for once, when that is seen to have succeeded, and not again when it begins', async () => {
  const { asked, permits, ask } = asking(() => true);
  await ask('v');
  permits.foretell('v', [{ ...REQUEST, connection: 'default', workflowId: 'w' }]);
  asked.length = 0;
  permits.succeeded('other');
  expect(asked).toEqual([]);
  permits.succeeded('v');
  permits.succeeded('v');
  permits.askAhead('default', { ...REQUEST, workflowId: 'w' });
  expect(asked).toMatchObject([{ ahead: true, workflowId: 'w' }]);
  expect(await ask('w')).toBe(asked[0]?.requestId);
});

it('what follows is kept of the newest thousand steps', async () => {
  const { asked, permits, ask } = asking(() => true);
  await ask('v');
  asked.length = 0;
  for (let n = 0; n <= 1_000; n++)
    permits.foretell(`v-${n}`, [{ ...REQUEST, connection: 'default', workflowId: `w-${n}` }]);
  permits.succeeded('v-0');
  expect(asked).toEqual([]);
  permits.succeeded('v-1');
  expect(asked).toMatchObject([{ workflowId: 'w-1' }]);
});

it('nor does a second attempt take what was asked for ahead where the first was on another worker', async () => {
  const { asked, permits, ask } = asking(() => true);
  await ask('v');
  permits.askAhead('default', { ...REQUEST, workflowId: 'w' });
  expect(await ask('w', false)).toBe('w-1');
  expect(asked.at(-1)).toMatchObject({ requestId: 'w-1' });
});

it('the answer is looked for before the run comes for it', async () => {
  let looks = 0;
  const { permits, ask } = asking(() => ++looks > 0);
  await ask('v');
  looks = 0;
  permits.askAhead('default', { ...REQUEST, workflowId: 'w' });
  await expect.poll(() => looks).toBe(2);
  expect(await ask('w')).toMatch(/^w#ahead-/);
  expect(looks).toBe(2);
});

it('one that nobody has come for in time is left to the limiter', async () => {
  const { asked, permits, ask } = asking(() => true);
  await ask('v');
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    permits.askAhead('default', { ...REQUEST, workflowId: 'w' });
    vi.setSystemTime(Date.now() + 6_000);
    expect(asked.at(-1)).toMatchObject({ workflowId: 'w', ahead: true });
    expect(await ask('w')).toBe('w-1');
  } finally {
    vi.useRealTimers();
  }
});

it('where there is a line nobody waits for an answer, and what has no answer is asked for once more', async () => {
  const line = asking(() => false);
  expect(await line.ask('a')).toBeNull();
  expect(await line.ask('b')).toBeNull();
  line.permits.askAhead('default', { ...REQUEST, workflowId: 'c' });
  expect(line.asked.map(({ workflowId, answer }) => [workflowId, answer !== undefined])).toEqual([
    ['a', true],
    ['b', false],
  ]);
  // Who gets in line goes together with others.
  expect(line.patience).toEqual([0, 200]);
  const silent = asking(() => undefined);
  expect(await silent.ask('a')).toBeNull();
  expect(silent.asked.map(({ requestId, answer }) => [requestId, answer !== undefined])).toEqual([
    ['a-1', true],
    ['a-1', false],
  ]);
});

it('the longer there is a line, the more seldom an answer is asked for at once; a permit ends that', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  let given = false;
  const { asked, ask } = asking(() => given);
  /** How many of those who ask, one a second, ask for an answer at once. */
  const atOnce = async (seconds: number) => {
    const before = asked.length;
    for (let second = 0; second < seconds; second++) {
      await ask('w');
      vi.setSystemTime(Date.now() + 1_000);
    }
    return asked.slice(before).filter(({ answer }) => answer !== undefined).length;
  };
  expect(await atOnce(31)).toBe(5);
  expect(await atOnce(160)).toBe(10);
  given = true;
  await atOnce(16);
  expect(await atOnce(10)).toBe(10);
  given = false;
  expect(await atOnce(3)).toBe(2);
});
